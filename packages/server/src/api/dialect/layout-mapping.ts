import type { LayoutParameters, RenderMode, TaskParameters } from '../../recording/index.ts';
import { DialectError } from './dialect-error.ts';
import { mustBeLeftOut, text } from './given-in-vain.ts';
import { toPictureUrl } from './picture-url.ts';
import type { LayoutRequest } from './recording-schemas.ts';
import { toWatermark } from './watermark-mapping.ts';

/** `MixLayoutMode` 1 to 4. */
const LAYOUT_MODES = Object.freeze(['floating', 'screenShare', 'grid', 'custom'] as const);
/** `RenderMode` 0 to 3. */
const RENDER_MODES = Object.freeze(['stretch', 'crop', 'bars', 'gentleCrop'] as const);
/** `MediaId` of a picture: 0 the camera, 1 the screen. */
const SOURCES = Object.freeze(['main', 'aux'] as const);
const CROP = 1;
const BLACK = '#000000';

/** The part of a task's parameters that is its layout: what can be changed while it runs, but the lists of users. */
export type LayoutPart = Pick<
  TaskParameters,
  'layout' | 'backgroundColor' | 'background' | 'placeholder' | 'watermarks'
>;

/** The layout of a task that names none. */
export const DEFAULT_LAYOUT_PART: LayoutPart = Object.freeze<LayoutPart>({
  layout: { mode: 'grid' },
  backgroundColor: BLACK,
});

/**
 * `MixLayoutParams` in our words.
 * @throws {DialectError} `InvalidParameter.OutOfRange` for what goes not together, `MissingParameter`.
 */
export function toLayoutPart(request: LayoutRequest): LayoutPart {
  const { BackgroundImageRenderMode, WaterMarkList = [] } = request;
  const backgroundUrl = toPictureUrl(request.BackgroundImageUrl, 'MixLayoutParams.BackgroundImageUrl');
  const placeholderUrl = toPictureUrl(request.DefaultSubBackgroundImage, 'MixLayoutParams.DefaultSubBackgroundImage');
  mustBeLeftOut(
    backgroundUrl === undefined && (BackgroundImageRenderMode ?? CROP) !== CROP,
    'MixLayoutParams.BackgroundImageRenderMode',
    'without BackgroundImageUrl',
  );
  return {
    layout: toLayout(request),
    backgroundColor: text(request.BackGroundColor) ?? BLACK,
    ...(backgroundUrl === undefined
      ? {}
      : {
          background: {
            url: backgroundUrl,
            ...(BackgroundImageRenderMode === undefined ? {} : { renderMode: toRenderMode(BackgroundImageRenderMode) }),
          },
        }),
    ...(placeholderUrl === undefined ? {} : { placeholder: { url: placeholderUrl } }),
    ...(WaterMarkList.length === 0
      ? {}
      : {
          watermarks: WaterMarkList.map((mark, index) => toWatermark(mark, `MixLayoutParams.WaterMarkList.${index}`)),
        }),
  };
}

function toLayout(request: LayoutRequest): LayoutParameters {
  const mode = LAYOUT_MODES[request.MixLayoutMode - 1] ?? 'grid';
  const { MixLayoutList = [], MediaId, RenderMode, PureAudioDisableLayout = false } = request;
  const largeId = text(request.MaxResolutionUserId);
  const where = `with MixLayoutMode ${request.MixLayoutMode}`;
  const name = (field: keyof LayoutRequest): string => `MixLayoutParams.${field}`;
  const hasLarge = mode === 'floating' || mode === 'screenShare';
  mustBeLeftOut(largeId !== undefined && !hasLarge, name('MaxResolutionUserId'), where);
  mustBeLeftOut(MediaId === 1 && largeId === undefined, name('MediaId'), 'without MaxResolutionUserId');
  mustBeLeftOut(request.MaxResolutionUserAlign === 1 && mode !== 'screenShare', name('MaxResolutionUserAlign'), where);
  mustBeLeftOut(request.PlaceHolderMode === 1 && mode !== 'custom', name('PlaceHolderMode'), where);
  if (mode === 'custom') {
    mustBeLeftOut((RenderMode ?? CROP) !== CROP, name('RenderMode'), where);
    mustBeLeftOut(PureAudioDisableLayout, name('PureAudioDisableLayout'), where);
    if (MixLayoutList.length === 0)
      throw new DialectError('MissingParameter', `${name('MixLayoutList')} is missing: MixLayoutMode 4 needs it.`);
    return {
      mode,
      rectangles: MixLayoutList.map(toRectangle),
      ...(request.PlaceHolderMode === 1 ? { showAbsent: true } : {}),
    };
  }
  mustBeLeftOut(MixLayoutList.length > 0, name('MixLayoutList'), where);
  const template = {
    ...(RenderMode === undefined ? {} : { renderMode: toRenderMode(RenderMode) }),
    ...(PureAudioDisableLayout ? { pureAudioDisableLayout: true } : {}),
  };
  const large = largeId === undefined ? {} : { large: { userId: largeId, source: toSource(MediaId) } };
  switch (mode) {
    case 'grid':
      return { mode, ...template };
    case 'floating':
      return { mode, ...large, ...template };
    case 'screenShare':
      return { mode, ...large, ...(request.MaxResolutionUserAlign === 1 ? { largeSide: 'right' } : {}), ...template };
  }
}

type PlaceRequest = NonNullable<LayoutRequest['MixLayoutList']>[number];
type Rectangle = Extract<LayoutParameters, { mode: 'custom' }>['rectangles'][number];

function toRectangle(request: PlaceRequest, index: number): Rectangle {
  const { Left, Top, Width, Height, ImageLayer, Alpha } = request;
  const userId = text(request.UserId);
  const url = toPictureUrl(request.SubBackgroundImage, `MixLayoutParams.MixLayoutList.${index}.SubBackgroundImage`);
  return {
    leftPx: Left,
    topPx: Top,
    widthPx: Width,
    heightPx: Height,
    ...(userId === undefined ? {} : { userId }),
    source: toSource(request.MediaId),
    ...(ImageLayer === undefined ? {} : { layer: ImageLayer }),
    ...(Alpha === undefined ? {} : { alpha: Alpha }),
    ...(request.RenderMode === undefined ? {} : { renderMode: toRenderMode(request.RenderMode) }),
    ...(url === undefined ? {} : { placeholderUrl: url }),
  };
}

function toRenderMode(value: number): RenderMode {
  return RENDER_MODES[value] ?? 'crop';
}

function toSource(mediaId: number | undefined): (typeof SOURCES)[number] {
  return SOURCES[mediaId ?? 0] ?? 'main';
}
