import { describe, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { checkRecordingSettings } from './recording-settings-schema.ts';

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

  test.each([
    ['template.video.widthPx', 1920],
    ['template.video.fps', 1],
    ['template.video.fps', 60],
    ['template.video.bitrateBps', 64_000],
    ['template.video.bitrateBps', 8_192_000],
    ['template.audio.sampleRateHz', 44_100],
    ['template.audio.channels', 1],
    ['template.maxIdleMs', 86_400_000],
    ['template.output.format', 'aac'],
    ['template.output.format', 'hls'],
    ['template.output.hlsSegments', 'fmp4'],
    ['template.output.media', 'audio'],
    ['template.output.media', 'video'],
    ['template.output.maxFileDurationMinutes', 1],
    ['template.output.maxFileDurationMinutes', 1440],
    ['template.backgroundColor', '#a0B1c2'],
    ['mode', 'off'],
  ])('%s may be %o', (path, value) => {
    expect(checkRecordingSettings(changed(path, value))).toEqual(changed(path, value));
  });

  test.each([
    ['template.video.widthPx', 1922, 'must be <= 1920'],
    ['template.video.widthPx', 641, 'must be multiple of 2'],
    ['template.video.fps', 0, 'must be >= 1'],
    ['template.video.fps', 61, 'must be <= 60'],
    ['template.video.fps', 14.5, 'must be integer'],
    ['template.video.bitrateBps', 63_999, 'must be >= 64000'],
    ['template.audio.sampleRateHz', 22_050, 'must be 48000 or 44100 or 16000'],
    ['template.audio.channels', 3, 'must be 1 or 2'],
    ['template.audio.bitrateBps', 128_001, 'must be <= 128000'],
    ['template.maxIdleMs', 4_999, 'must be >= 5000'],
    ['template.backgroundColor', 'red', 'pattern'],
    ['template.output', { format: 'aac', media: 'both' }, 'must be "audio"'],
    ['template.output.media', 'none', 'must be "both" or "audio" or "video"'],
    ['template.output.maxFileDurationMinutes', 0, 'must be >= 1'],
    ['template.output.maxFileDurationMinutes', 1441, 'must be <= 1440'],
    ['template.output.format', 'avi', 'must be "mp4" or "aac" or "hls"'],
    ['mode', 'sometimes', 'must be "off" or "rest" or "automatic"'],
    ['indexAlways', 'yes', 'must be boolean'],
    ['template.layout', undefined, 'is missing'],
    ['template.video', undefined, 'is missing'],
    ['template.video.depth', 8, 'is not known'],
  ])('%s may not be %o', (path, value, sentence) => {
    expect(() => checkRecordingSettings(changed(path, value))).toThrow(
      expect.objectContaining({
        code: 'ParameterInvalid',
        message: expect.stringMatching(new RegExp(`${path.replaceAll('.', '\\.')} .*${sentence}`)),
      }),
    );
  });

  test('the area counts too', () => {
    const settings = {
      ...good,
      template: { ...good.template, video: { ...good.template.video, widthPx: 1920, heightPx: 1082 } },
    };
    expect(() => checkRecordingSettings(settings)).toThrow('template.video is 1920 × 1082');
  });

  test.each([null, undefined, 5, 'x', []])('%o is refused', (value) => {
    expect(() => checkRecordingSettings(value)).toThrow(expect.objectContaining({ code: 'ParameterInvalid' }));
  });
});
