import { expect, test } from 'vitest';
import { signatureOf } from './signature.ts';

test("signs as the dialect's own example says", () => {
  const body =
    '{\n\t"EventGroupId":\t2,\n\t"EventType":\t204,\n\t"CallbackTs":\t1664209748188,\n\t"EventInfo":\t{\n\t\t"RoomId":\t8489,\n\t\t"EventTs":\t1664209748,\n\t\t"EventMsTs":\t1664209748180,\n\t\t"UserId":\t"user_85034614",\n\t\t"Reason":\t0\n\t}\n}';
  expect(signatureOf('123654', body)).toBe('kkoFeO3Oh2ZHnjtg8tEAQhtXK16/KI05W3BQff8IvGA=');
});

test('signs the bytes of UTF-8', () => {
  // printf '{"a":"你好"}' | openssl dgst -sha256 -hmac abc -binary | base64
  expect(signatureOf('abc', '{"a":"你好"}')).toBe('3cSw9tWIQlY2g86/ua5G2hzGT204eXroGEHdkCNvFko=');
});
