import { describe, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { checkRecordingSettings, checkTaskParameters } from './recording-settings-schema.ts';

const good = { mode: 'automatic', template: structuredClone(DEFAULT_TASK_PARAMETERS), indexAlways: true };

/** The good settings with one field changed, by its dotted path; `undefined` removes it. */
function changed(path: string, value: unknown): object {
  const settings = structuredClone(good);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const target: object = names.reduce<object>((inner, name) => Reflect.get(inner, name), settings);
  if (value === undefined) Reflect.deleteProperty(target, last);
  else Reflect.set(target, last, value);
  return settings;
}

describe('recording settings', () => {
  test('the default is accepted', () => {
    expect(checkRecordingSettings(good)).toEqual(good);
  });

  /** Every range: what is just in it, and what is just out of it. */
  test.each([
    { path: 'template.video.widthPx', least: 2, most: 1920, step: 2 },
    { path: 'template.video.fps', least: 1, most: 60 },
    { path: 'template.video.bitrateBps', least: 64_000, most: 8_192_000 },
    { path: 'template.video.keyframeIntervalS', least: 1, most: 10 },
    { path: 'template.audio.bitrateBps', least: 32_000, most: 128_000 },
    { path: 'template.maxIdleMs', least: 5_000, most: 86_400_000 },
  ])('$path is $least to $most', ({ path, least, most, step = 1 }) => {
    for (const value of [least, least + step, most - step, most])
      expect(checkRecordingSettings(changed(path, value))).toEqual(changed(path, value));
    expect(() => checkRecordingSettings(changed(path, least - step))).toThrow(
      `${path} is ${least - step}: must be >= ${least}`,
    );
    expect(() => checkRecordingSettings(changed(path, most + step))).toThrow(
      `${path} is ${most + step}: must be <= ${most}`,
    );
    expect(() => checkRecordingSettings(changed(path, least + 0.5))).toThrow(`${path} is ${least + 0.5}: must be`);
  });

  test.each([
    ['template.alarms', {}],
    ['template.alarms', { missingS: 0, blackS: 3600, frozenS: 1, silentS: 60, lossPercent: 100 }],
    ['template.alarms', { lossPercent: 0 }],
    ['template.audio.sampleRateHz', 48_000],
    ['template.audio.sampleRateHz', 44_100],
    ['template.audio.sampleRateHz', 16_000],
    ['template.audio.channels', 1],
    ['template.audio.channels', 2],
    ['template.output.format', 'aac'],
    ['template.output.media', 'audio'],
    ['template.output.media', 'video'],
    ['template.output.maxFileDurationMinutes', 1],
    ['template.output.maxFileDurationMinutes', 1440],
    ['template.backgroundColor', '#a0B1c2'],
    ['template.mode', 'single'],
    ['template.mode', 'both'],
    ['template.subscription', { audio: ['1.*$'], notVideo: ['anna'] }],
    ['template.subscription', { notAudio: Array.from({ length: 32 }, (_, index) => `u${index}`) }],
    ['template.sources', 'aux'],
    ['template.fill', 'black'],
    ['template.pauseCapture', true],
    ['mode', 'off'],
  ])('%s may be %o', (path, value) => {
    expect(checkRecordingSettings(changed(path, value))).toEqual(changed(path, value));
  });

  test.each([
    ['missingS', -1, 'must be >= 0'],
    ['blackS', 3601, 'must be <= 3600'],
    ['frozenS', 0.5, 'must be integer'],
    ['silentS', '60', 'must be integer'],
    ['lossPercent', 101, 'must be <= 100'],
    ['loud', 1, 'is not known'],
  ])('template.alarms.%s may not be %o', (name, value, sentence) => {
    expect(() => checkRecordingSettings(changed('template.alarms', { [name]: value }))).toThrow(
      expect.objectContaining({
        code: 'ParameterInvalid',
        message: expect.stringMatching(new RegExp(`template\\.alarms\\.${name} .*${sentence}`)),
      }),
    );
  });

  test.each([
    ['template.video.widthPx', 641, 'must be multiple of 2'],
    ['template.video.heightPx', 721, 'must be multiple of 2'],
    ['template.video.fps', '15', 'must be integer'],
    ['template.audio.sampleRateHz', 22_050, 'must be 48000 or 44100 or 16000'],
    ['template.audio.channels', 3, 'must be 1 or 2'],
    ['template.audio.channels', 0, 'must be 1 or 2'],
    ['template.backgroundColor', 'red', 'pattern'],
    ['template.output', { format: 'aac', media: 'both' }, 'must be "audio"'],
    ['template.output.media', 'none', 'must be "both" or "audio" or "video"'],
    ['template.output.maxFileDurationMinutes', 0, 'must be >= 1'],
    ['template.output.maxFileDurationMinutes', 1441, 'must be <= 1440'],
    ['template.output.format', 'avi', 'must be "mp4" or "aac" or "hls"'],
    ['template.mode', 'triple', 'must be "mixed" or "single" or "both"'],
    ['template.subscription', { audio: 'anna' }, 'must be array'],
    ['template.subscription', { audio: [] }, 'must not have fewer than 1 items'],
    ['template.subscription', { video: Array.from({ length: 33 }, () => 'u') }, 'must not have more than 32 items'],
    ['template.subscription', { video: [''] }, 'must not have fewer than 1 characters'],
    ['template.sources', 'both', 'must be "main" or "aux"'],
    ['template.fill', 'white', 'must be "last" or "black"'],
    ['template.single', { merged: true }, 'must be left out of mode "mixed"'],
    ['template.output.format', 'hls+mp4', 'in a template'],
    ['mode', 'sometimes', 'must be "off" or "rest" or "automatic"'],
    ['indexAlways', 'yes', 'must be boolean'],
    ['template.layout', undefined, 'is missing'],
    ['template.video', undefined, 'is missing'],
    ['template.video.depth', 8, 'is not known'],
  ])('%s may not be %o', (path, value, sentence) => {
    expect(() => checkRecordingSettings(changed(path, value))).toThrow(
      expect.objectContaining({
        code: 'ParameterInvalid',
        message: expect.stringMatching(new RegExp(`${path.replaceAll('.', '\\.')}[ .].*${sentence}`)),
      }),
    );
  });

  test('what has no effect in an output is refused, and playlists are for rendering again only', () => {
    const output = (value: object): unknown => changed('template.output', value);
    expect(() => checkRecordingSettings(output({ format: 'hls' }))).toThrow(
      'template.output.format is "hls": must be "mp4" or "aac"',
    );
    expect(() => checkRecordingSettings(output({ format: 'hls', maxFileDurationMinutes: 5 }))).toThrow(
      'template.output.maxFileDurationMinutes is given: it must be left out of hls',
    );
    expect(() => checkRecordingSettings(output({ format: 'mp4', hlsSegments: 'ts' }))).toThrow(
      'template.output.hlsSegments is given: it must be left out of mp4',
    );
    for (const hlsSegments of ['ts', 'fmp4']) {
      const parameters = { ...good.template, output: { format: 'hls', hlsSegments } };
      expect(checkTaskParameters(parameters)).toEqual(parameters);
    }
  });

  test('height, and width × height', () => {
    const sized = (widthPx: number, heightPx: number): object => ({
      ...good,
      template: { ...good.template, video: { ...good.template.video, widthPx, heightPx } },
    });
    for (const [widthPx, heightPx] of [
      [1920, 1080],
      [1080, 1920],
      [1440, 1440],
      [2, 2],
    ] as const)
      expect(checkRecordingSettings(sized(widthPx, heightPx))).toEqual(sized(widthPx, heightPx));
    expect(() => checkRecordingSettings(sized(1920, 1082))).toThrow('template.video is 1920 × 1082: width × height');
    expect(() => checkRecordingSettings(sized(1442, 1440))).toThrow('template.video is 1442 × 1440: width × height');
    expect(() => checkRecordingSettings(sized(2, 1922))).toThrow('template.video.heightPx is 1922: must be <= 1920');
    expect(() => checkRecordingSettings(sized(2, 0))).toThrow('template.video.heightPx is 0: must be >= 2');
  });

  test.each([null, undefined, 5, 'x', []])('%o is refused', (value) => {
    expect(() => checkRecordingSettings(value)).toThrow(expect.objectContaining({ code: 'ParameterInvalid' }));
  });
});
