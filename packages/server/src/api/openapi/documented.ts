import type { ErrorCode } from '@callreel/protocol';
import type { TSchema } from 'typebox';

/** What the routes are sorted by. */
export const API_TAGS = Object.freeze({
  Recordings: 'Recordings under way and past: all about them, and orders for them.',
  Library: 'Finished files.',
  Settings: 'What an application records, and where it is told of what happens.',
  Callbacks: 'What applications were told.',
  Calls: 'The calls that were.',
  Keys: 'What back ends sign in with.',
  Sessions: 'Signing in to the console.',
  Server: 'Whether it works, and this document.',
} as const);

/** A good answer: JSON by a schema, files by their content types, or nothing. */
export type AnswerDocumentation = { description: string; json?: TSchema; files?: readonly string[] };

/** What a route says of itself besides what Fastify checks. */
export type RouteDocumentation = {
  /** One sentence without its full stop. */
  summary: string;
  tag: keyof typeof API_TAGS;
  /** What the body must be, where a function of ours checks it instead of Fastify. */
  body?: TSchema;
  /** Good answers by their status. */
  answers: Readonly<Record<number, AnswerDocumentation>>;
  /** Errors of this very route. What signing in, schemas and bodies bring along is added. */
  errors?: readonly ErrorCode[];
  /** Whether nobody needs to sign in; default false. */
  open?: boolean;
};

declare module 'fastify' {
  interface FastifySchema {
    documentation?: RouteDocumentation;
  }
}

type Checked = { params?: TSchema; querystring?: TSchema; body?: TSchema };

/** The schema of a route: what Fastify checks, with what the document says of it. Fastify sees no difference. */
export function documented<C extends Checked>(documentation: RouteDocumentation, checked: C): C {
  return { ...checked, documentation };
}
