import { describe, expect, it } from 'vitest';
import { pageParameters, userIdsIn } from './page-parameters.ts';
import { clockTime, preferredLanguage } from './texts.ts';

describe('pageParameters', () => {
  it('reads what automation gives', () => {
    expect(
      pageParameters(
        '?sdkAppId=1400000001&userId=amy&userSig=s*g&call=bob,eve&type=audio&autoAccept=1&videoCodec=h264',
      ),
    ).toEqual({
      sdkAppId: 1400000001,
      userId: 'amy',
      userSig: 's*g',
      call: ['bob', 'eve'],
      type: 'audio',
      autoAccept: true,
      videoCodec: 'h264',
    });
  });
  it('has defaults for all', () => {
    expect(pageParameters('?sdkAppId=x&userId=%20')).toEqual({
      sdkAppId: null,
      userId: null,
      userSig: undefined,
      call: [],
      type: 'video',
      autoAccept: false,
      videoCodec: 'vp8',
    });
  });
});

it('reads user ids as people write them', () => {
  expect(userIdsIn(' 阿美\uff0c bob,eve\u3001bob\uff1bamy\n')).toEqual(['阿美', 'bob', 'eve', 'amy']);
});

it('writes durations', () => {
  expect([clockTime(-5), clockTime(59_999), clockTime(60_000), clockTime(3_661_000)]).toEqual([
    '00:00',
    '00:59',
    '01:00',
    '1:01:01',
  ]);
});

it('takes the first language that it has', () => {
  expect(preferredLanguage(['de', 'zh-CN', 'en'])).toBe('zh');
  expect(preferredLanguage(['en-GB', 'zh'])).toBe('en');
  expect(preferredLanguage(['fr'])).toBe('en');
});
