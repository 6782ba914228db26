import { describe, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { checkRecordingSettings, checkTaskParameters } from './recording-settings-schema.ts';

const URL = 'https://example.com/a.png';
const accepted = (more: object): void => {
  const parameters = { ...DEFAULT_TASK_PARAMETERS, ...more };
  expect(checkTaskParameters(parameters)).toEqual(parameters);
  const settings = { mode: 'automatic', template: parameters, indexAlways: true };
  expect(checkRecordingSettings(settings)).toEqual(settings);
};
const refused = (more: object, sentence: string): void => {
  const parameters = { ...DEFAULT_TASK_PARAMETERS, ...more };
  expect(() => checkTaskParameters(parameters)).toThrow(
    expect.objectContaining({ code: 'ParameterInvalid', message: expect.stringContaining(sentence) }),
  );
  const settings = { mode: 'automatic', template: parameters, indexAlways: true };
  expect(() => checkRecordingSettings(settings)).toThrow(`template.${sentence}`);
};
const picture = { kind: 'picture', url: URL, leftPx: 0, topPx: 0, widthPx: 100, heightPx: 50 };
const text = { kind: 'text', text: '会议', leftPx: 0, topPx: 0, widthPx: 100, heightPx: 50 };
const time = { kind: 'time', position: 'topLeft' };
const one = (base: object, more: object): object => ({ watermarks: [time, { ...base, ...more }] });

describe('decorations', () => {
  test.each([
    { background: { url: URL } },
    { background: { url: 'http://10.0.0.1:8080/a?b=c#d', renderMode: 'bars' }, placeholder: { url: URL } },
    { watermarks: [] },
    { watermarks: [picture, text, time] },
    one(text, { fontSizePx: 32, color: '#a0B1c2', backgroundColor: '#000000' }),
    { layout: { mode: 'custom', showAbsent: true, rectangles: [{ ...box(0), placeholderUrl: URL }] } },
  ])('%o', accepted);

  test.each([
    [{ background: {} }, 'background.url is missing.'],
    [{ background: { url: URL, renderMode: 2 } }, 'background.renderMode is 2: must be "stretch"'],
    [{ background: { url: URL, color: 1 } }, 'background.color is not known.'],
    [{ placeholder: URL }, `placeholder is "${URL}": must be object.`],
    ...[
      'file:///etc/passwd',
      '/a.png',
      'a.png',
      'ftp://x/a.png',
      'https://',
      'http:///x',
      'http://x/a b',
      'https://[::/x',
    ].map((url): [object, string] => [
      { placeholder: { url } },
      `placeholder.url is "${url}": must be the address of a picture that begins with http:// or https://.`,
    ]),
    [{ placeholder: { url: '' } }, 'placeholder.url is "": must not have fewer than 1 characters.'],
    [one(picture, { url: 'file:///a' }), 'watermarks.1.url is "file:///a": must be the address of a picture'],
    [
      { layout: { mode: 'custom', rectangles: [{ ...box(0), placeholderUrl: 'a.png' }] } },
      'layout.rectangles.0.placeholderUrl is "a.png": must be the address of a picture',
    ],
    [{ layout: { mode: 'grid', showAbsent: true } }, 'layout.showAbsent is not known.'],
    [{ watermarks: {} }, 'watermarks is {}: must be array.'],
    [{ watermarks: [{}] }, 'watermarks.0.kind is missing.'],
    [one(time, { kind: 'logo' }), 'watermarks.1.kind is "logo": must be "picture" or "text" or "time".'],
    [one(time, { position: 'middle' }), 'watermarks.1.position is "middle": must be "topLeft"'],
    [one(time, { text: 'x' }), 'watermarks.1.text is not known.'],
    [one(text, { text: '' }), 'watermarks.1.text is "": must not have fewer than 1 characters.'],
    [one(text, { text: 'x'.repeat(1025) }), 'watermarks.1.text is "xxx'],
    [{ watermarks: [null] }, 'watermarks.0 is null: must be object.'],
    [one(text, { color: 'red' }), 'watermarks.1.color is "red": must match pattern'],
    [one(text, { backgroundColor: '#fff' }), 'watermarks.1.backgroundColor is "#fff": must match pattern'],
    [one(text, { widthPx: undefined }), 'watermarks.1.widthPx'],
    [one(picture, { leftPx: 1181 }), 'watermarks.1 is 100 × 50 at 1181, 0: must lie within 1280 × 720.'],
    [one(text, { topPx: 671 }), 'watermarks.1 is 100 × 50 at 0, 671: must lie within 1280 × 720.'],
  ])('not %o', refused);

  test.each([
    { base: text, name: 'fontSizePx', least: 8, most: 256 },
    { base: time, name: 'utcOffsetMinutes', least: -720, most: 840 },
  ])('$name is $least to $most', ({ base, name, least, most }) => {
    for (const value of [least, least + 1, most - 1, most]) accepted(one(base, { [name]: value }));
    refused(one(base, { [name]: least - 1 }), `watermarks.1.${name} is ${least - 1}: must be >= ${least}.`);
    refused(one(base, { [name]: most + 1 }), `watermarks.1.${name} is ${most + 1}: must be <= ${most}.`);
    refused(one(base, { [name]: least + 0.5 }), `watermarks.1.${name} is ${least + 0.5}: must be integer.`);
  });

  test('files of this machine only for who may run commands on it', () => {
    const parameters = { ...DEFAULT_TASK_PARAMETERS, placeholder: { url: '../a.png' }, watermarks: [picture] };
    expect(checkTaskParameters(parameters, { localPictures: true })).toEqual(parameters);
    expect(() => checkTaskParameters(parameters)).toThrow('placeholder.url is "../a.png"');
  });

  test('up to 25, to the last pixel of the canvas', () => {
    const many = (count: number): object => ({ watermarks: Array.from({ length: count }, () => time) });
    accepted(many(25));
    refused(many(26), 'watermarks is [');
    accepted(one(picture, { leftPx: 1180, topPx: 670 }));
  });
});

function box(leftPx: number): object {
  return { leftPx, topPx: 0, widthPx: 100, heightPx: 100 };
}
