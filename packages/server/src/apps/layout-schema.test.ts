import { describe, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { checkTaskParameters } from './recording-settings-schema.ts';

/** Parameters with this layout on the default canvas, 1280 × 720. */
const withLayout = (layout: unknown): object => ({ ...DEFAULT_TASK_PARAMETERS, layout });
const accepted = (layout: unknown): void => {
  expect(checkTaskParameters(withLayout(layout))).toEqual(withLayout(layout));
};
const refused = (layout: unknown, sentence: string): void => {
  expect(() => checkTaskParameters(withLayout(layout))).toThrow(
    expect.objectContaining({ code: 'ParameterInvalid', message: expect.stringContaining(sentence) }),
  );
};
const rectangle = { leftPx: 0, topPx: 0, widthPx: 100, heightPx: 100 };
const custom = (more: object): object => ({ mode: 'custom', rectangles: [{ ...rectangle, ...more }] });

describe('layouts', () => {
  test.each([
    { mode: 'grid' },
    { mode: 'grid', renderMode: 'stretch', pureAudioDisableLayout: true },
    { mode: 'floating' },
    { mode: 'floating', large: { userId: '安娜', source: 'main' }, renderMode: 'gentleCrop' },
    { mode: 'screenShare', large: { userId: 'anna', source: 'aux' }, largeSide: 'right', renderMode: 'bars' },
    { mode: 'screenShare', large: { userId: 'anna' }, largeSide: 'left', pureAudioDisableLayout: false },
    { mode: 'custom', rectangles: [rectangle] },
    custom({ userId: 'anna', source: 'aux', layer: 1, alpha: 128, renderMode: 'crop' }),
  ])('%o is one', accepted);

  test.each([
    [{ mode: 'mosaic' }, 'layout.mode is "mosaic": must be "grid" or "floating" or "screenShare" or "custom".'],
    [{}, 'layout.mode is missing.'],
    [5, 'layout is 5: must be'],
    [null, 'layout is null: must be'],
    [{ mode: 'grid', large: { userId: 'anna' } }, 'layout.large is not known.'],
    [{ mode: 'floating', largeSide: 'right' }, 'layout.largeSide is not known.'],
    [{ mode: 'grid', renderMode: 1 }, 'layout.renderMode is 1: must be "stretch" or "crop" or "bars" or "gentleCrop".'],
    [{ mode: 'grid', pureAudioDisableLayout: 1 }, 'layout.pureAudioDisableLayout is 1: must be boolean.'],
    [{ mode: 'floating', large: {} }, 'layout.large.userId is missing.'],
    [{ mode: 'floating', large: { userId: '' } }, 'layout.large.userId is ""'],
    [{ mode: 'floating', large: { userId: 'x'.repeat(65) } }, 'layout.large.userId is "xxx'],
    [
      { mode: 'floating', large: { userId: 'a', source: 'sub' } },
      'layout.large.source is "sub": must be "main" or "aux".',
    ],
    [{ mode: 'screenShare', largeSide: 'top' }, 'layout.largeSide is "top": must be "left" or "right".'],
    [{ mode: 'custom' }, 'layout.rectangles is missing.'],
    [{ mode: 'custom', rectangles: [], renderMode: 'bars' }, 'layout.renderMode is not known.'],
    [{ mode: 'custom', rectangles: [{ leftPx: 0 }] }, 'layout.rectangles.0.topPx is missing.'],
    [custom({ zoom: 2 }), 'layout.rectangles.0.zoom is not known.'],
    [custom({ source: 'both' }), 'layout.rectangles.0.source is "both": must be "main" or "aux".'],
  ])('%o is none', refused);

  test('of what is wrong elsewhere is told first', () => {
    expect(() => checkTaskParameters({ ...withLayout({ mode: 'x' }), maxIdleMs: 1 })).toThrow('maxIdleMs is 1');
  });

  test.each([
    { name: 'alpha', least: 0, most: 255 },
    { name: 'layer', least: 0, most: 2_147_483_647 },
  ])('$name is $least to $most', ({ name, least, most }) => {
    for (const value of [least, least + 1, most - 1, most]) accepted(custom({ [name]: value }));
    refused(custom({ [name]: least - 1 }), `layout.rectangles.0.${name} is ${least - 1}: must be >= ${least}.`);
    refused(custom({ [name]: most + 1 }), `layout.rectangles.0.${name} is ${most + 1}: must be <= ${most}.`);
    refused(custom({ [name]: 0.5 }), `layout.rectangles.0.${name} is 0.5: must be integer.`);
  });

  test('1 to 25 rectangles', () => {
    const of = (count: number): object => ({
      mode: 'custom',
      rectangles: Array.from({ length: count }, () => rectangle),
    });
    for (const count of [1, 2, 24, 25]) accepted(of(count));
    refused(of(0), 'layout.rectangles is []: must not have fewer than 1 items');
    refused(of(26), 'must not have more than 25 items');
  });

  test('a rectangle lies within the canvas, to the last pixel', () => {
    accepted(custom({ leftPx: 1180, topPx: 620 }));
    accepted(custom({ leftPx: 0, topPx: 0, widthPx: 1280, heightPx: 720 }));
    accepted(custom({ leftPx: 1280, topPx: 720, widthPx: 0, heightPx: 0 }));
    refused(custom({ leftPx: 1181 }), 'layout.rectangles.0 is 100 × 100 at 1181, 0: must lie within 1280 × 720.');
    refused(custom({ topPx: 621 }), 'layout.rectangles.0 is 100 × 100 at 0, 621: must lie within 1280 × 720.');
    for (const name of ['leftPx', 'topPx', 'widthPx', 'heightPx']) {
      refused(custom({ [name]: -1 }), `layout.rectangles.0.${name} is -1: must be >= 0.`);
      refused(custom({ [name]: 1921 }), `layout.rectangles.0.${name} is 1921: must be <= 1920.`);
    }
  });
});
