/** Made when the first text is broken: they read large tables, and most renders have no text. */
let segmenters: { words: Intl.Segmenter; characters: Intl.Segmenter } | null = null;
/** What may not begin a line; and what may not end one. */
const CLOSING = /^[\p{Pe}\p{Pf}\p{Po}\p{Pd}]+$/u;
const OPENING = /^[\p{Ps}\p{Pi}]+$/u;

/** A line of a text, and whether its paragraph runs from right to left. */
export type Line = { text: string; rightToLeft: boolean };

/** The first letter that has a direction is one from right to left (Unicode annex 9, P2). */
const RIGHT_TO_LEFT = /^\P{L}*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * Breaks a text into lines that are not wider than `widthPx`: between words, in scripts without spaces too, and
 * within a word only when it alone is wider. A character that is wider than all of it has a line of its own.
 * @param measure Width of a text in pixels.
 */
export function linesOf(text: string, widthPx: number, measure: (text: string) => number): Line[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).flatMap((paragraph) => {
    const rightToLeft = RIGHT_TO_LEFT.test(paragraph);
    return broken(paragraph, widthPx, measure).map((line) => ({ text: line, rightToLeft }));
  });
}

function broken(paragraph: string, widthPx: number, measure: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  const take = (unit: string): void => {
    const longer = line + unit;
    if (line === '' || measure(longer.trimEnd()) <= widthPx) {
      line = longer;
      return;
    }
    lines.push(line.trimEnd());
    line = unit.trimStart();
  };
  for (const unit of unitsOf(paragraph)) {
    if (measure(unit.trim()) <= widthPx) take(unit);
    else for (const { segment } of segmentersOf().characters.segment(unit)) take(segment);
  }
  return [...lines, line.trimEnd()];
}

/** Words with what must stay beside them. */
function unitsOf(paragraph: string): string[] {
  const units: string[] = [];
  let isOpen = false;
  for (const { segment, isWordLike } of segmentersOf().words.segment(paragraph)) {
    const last = units.at(-1);
    const sticks = isOpen || (isWordLike !== true && CLOSING.test(segment) && last?.trim() !== '');
    if (sticks && last !== undefined) units[units.length - 1] = last + segment;
    else units.push(segment);
    isOpen = OPENING.test(segment);
  }
  return units;
}

function segmentersOf(): NonNullable<typeof segmenters> {
  segmenters ??= {
    words: new Intl.Segmenter('und', { granularity: 'word' }),
    characters: new Intl.Segmenter('und', { granularity: 'grapheme' }),
  };
  return segmenters;
}
