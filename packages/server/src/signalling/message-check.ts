import { RequestBody, type RequestBodyOf, type RequestName, SIGNALLING_MAX_BYTES, SignIn } from '@callreel/protocol';
import { Compile } from 'typebox/compile';
import { CallreelError } from '../base/callreel-error.ts';

const signIn = Compile(SignIn);
const bodies = new Map(Object.entries(RequestBody).map(([name, schema]) => [name, Compile(schema)]));

/** The handshake of a device. @throws {CallreelError} `MessageMalformed`, naming the field. */
export function checkSignIn(auth: unknown): SignIn {
  if (signIn.Check(auth)) return auth;
  throw new CallreelError('MessageMalformed', describe('auth', signIn.Errors(auth)));
}

/** Whether there is a request with this name. */
export function isRequestName(name: string): name is RequestName {
  return bodies.has(name);
}

/** The body of a request. @throws {CallreelError} `MessageTooLarge`, `MessageMalformed`, naming the field. */
export function checkBody<N extends RequestName>(name: N, body: unknown): RequestBodyOf<N> {
  const bytes = Buffer.byteLength(JSON.stringify(body) ?? '');
  if (bytes > SIGNALLING_MAX_BYTES)
    throw new CallreelError('MessageTooLarge', `${name} has ${bytes} bytes; allowed are ${SIGNALLING_MAX_BYTES}.`);
  const schema = bodies.get(name);
  if (schema === undefined) throw new CallreelError('MessageUnknown', name);
  if (!schema.Check(body)) throw new CallreelError('MessageMalformed', describe(name, schema.Errors(body)));
  // The schema of this very name has accepted it.
  return body as RequestBodyOf<N>;
}

function describe(what: string, errors: readonly { instancePath: string; message: string }[]): string {
  const [first] = errors;
  return first === undefined ? `${what}.` : `${what}${first.instancePath.replaceAll('/', '.')} ${first.message}.`;
}
