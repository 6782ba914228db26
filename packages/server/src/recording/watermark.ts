/** Something painted over all pictures. Picture and text lie within the canvas. */
export type Watermark =
  /** `url` of a png or jpg, stretched to the rectangle; what is transparent in it stays so. */
  | { kind: 'picture'; url: string; leftPx: number; topPx: number; widthPx: number; heightPx: number }
  /** Any script, with colour emoji; broken into lines at the rectangle's width, cut at its height. */
  | {
      kind: 'text';
      text: string;
      leftPx: number;
      topPx: number;
      widthPx: number;
      heightPx: number;
      /** Default 14. */
      fontSizePx?: number;
      /** `#rrggbb`; default white. */
      color?: string;
      /** `#rrggbb`; transparent when it is not given. */
      backgroundColor?: string;
    }
  /** Date and time of day of what is seen, to the second. */
  | {
      kind: 'time';
      position: 'topLeft' | 'topRight' | 'bottomLeft' | 'bottomRight' | 'topCenter' | 'bottomCenter' | 'center';
      /** How far its zone is ahead of UTC, in minutes: −720 to 840. Default 0. */
      utcOffsetMinutes?: number;
    };
