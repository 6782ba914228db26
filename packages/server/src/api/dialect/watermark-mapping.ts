import type { TaskParameters } from '../../recording/index.ts';
import { DialectError } from './dialect-error.ts';
import { mustBeLeftOut, mustNotAsk, OUT_OF_RANGE, text } from './given-in-vain.ts';
import { toPictureUrl } from './picture-url.ts';
import type { WaterMarkRequest } from './recording-schemas.ts';

type Watermark = NonNullable<TaskParameters['watermarks']>[number];

/** `WaterMarkType` 0 to 2: where its parameters stand. */
const KINDS = Object.freeze(['WaterMarkImage', 'WaterMarkChar', 'WaterMarkTimestamp'] as const);
/** `Pos` 0 to 6. */
const POSITIONS = Object.freeze([
  'topLeft',
  'topRight',
  'bottomLeft',
  'bottomRight',
  'topCenter',
  'bottomCenter',
  'center',
] as const);
/** The known system's default: UTC+8. */
const TIME_ZONE_HOURS = 8;
const FONTS = ['Tencent', 'SourceHanSans'];

/**
 * One of `WaterMarkList` in our words.
 * @param name what it is called in errors. @throws {DialectError} `MissingParameter`, `InvalidParameter.OutOfRange`,
 *   `FailedOperation.CRUnsupportMethod`.
 */
export function toWatermark(request: WaterMarkRequest, name: string): Watermark {
  const type = request.WaterMarkType ?? 0;
  const kind = KINDS[type] ?? 'WaterMarkImage';
  for (const other of KINDS)
    mustBeLeftOut(other !== kind && request[other] !== undefined, `${name}.${other}`, `with WaterMarkType ${type}`);
  const { WaterMarkImage, WaterMarkChar, WaterMarkTimestamp } = request;
  if (WaterMarkImage !== undefined) {
    const url = toPictureUrl(WaterMarkImage.WaterMarkUrl, `${name}.WaterMarkImage.WaterMarkUrl`) ?? '';
    return { kind: 'picture', url, ...toPlace(WaterMarkImage) };
  }
  if (WaterMarkChar !== undefined) {
    const { Chars, FontSize, Font } = WaterMarkChar;
    const [color, backgroundColor] = [text(WaterMarkChar.FontColor), text(WaterMarkChar.BackGroundColor)];
    checkFont(Font, `${name}.WaterMarkChar.Font`);
    return {
      kind: 'text',
      text: Chars,
      ...toPlace(WaterMarkChar),
      ...(FontSize === undefined ? {} : { fontSizePx: FontSize }),
      ...(color === undefined ? {} : { color }),
      ...(backgroundColor === undefined ? {} : { backgroundColor }),
    };
  }
  if (WaterMarkTimestamp !== undefined) {
    const { Pos, TimeZone = TIME_ZONE_HOURS, Font } = WaterMarkTimestamp;
    checkFont(Font, `${name}.WaterMarkTimestamp.Font`);
    return { kind: 'time', position: POSITIONS[Pos] ?? 'topLeft', utcOffsetMinutes: TimeZone * 60 };
  }
  throw new DialectError('MissingParameter', `${name}.${kind} is missing: WaterMarkType ${type} needs it.`);
}

function toPlace({ Left, Top, Width, Height }: { Left: number; Top: number; Width: number; Height: number }): {
  leftPx: number;
  topPx: number;
  widthPx: number;
  heightPx: number;
} {
  return { leftPx: Left, topPx: Top, widthPx: Width, heightPx: Height };
}

/** There is one font for each script, and no choice of them. */
function checkFont(value: string | undefined, name: string): void {
  const font = text(value) ?? 'Tencent';
  if (!FONTS.includes(font))
    throw new DialectError(
      OUT_OF_RANGE,
      `${name} is ${JSON.stringify(font.slice(0, 100))}: must be ${FONTS.join(' or ')}.`,
    );
  mustNotAsk(font !== 'Tencent', name, 'texts have one font only');
}
