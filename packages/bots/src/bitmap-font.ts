/** Height and width of a character, in dots. */
export const GLYPH = Object.freeze({ width: 5, height: 7 });

// Rows from the top, five bits each. Drawn for this purpose; only what names and clocks need.
const GLYPHS: Readonly<Record<string, readonly number[]>> = Object.freeze({
  ' ': [0, 0, 0, 0, 0, 0, 0],
  '.': [0, 0, 0, 0, 0, 12, 12],
  ':': [0, 12, 12, 0, 12, 12, 0],
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 2, 4, 8, 31],
  '3': [31, 2, 4, 2, 1, 17, 14],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  B: [30, 17, 17, 30, 17, 17, 30],
  O: [14, 17, 17, 17, 17, 17, 14],
  T: [31, 4, 4, 4, 4, 4, 4],
});

/** Calls `dot(x, y)` for each dot of a text in one line; characters are one dot apart. Throws for an unknown character. */
export function eachDot(text: string, dot: (x: number, y: number) => void): void {
  [...text].forEach((character, position) => {
    const rows = GLYPHS[character];
    if (rows === undefined) throw new Error(`The font has no '${character}'.`);
    rows.forEach((bits, y) => {
      for (let x = 0; x < GLYPH.width; x++) {
        if ((bits >> (GLYPH.width - 1 - x)) & 1) dot(position * (GLYPH.width + 1) + x, y);
      }
    });
  });
}

/** Width of a text in one line, in dots. */
export function textWidth(text: string): number {
  return [...text].length * (GLYPH.width + 1) - 1;
}
