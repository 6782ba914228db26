/** When the report tells of a stream that is not as it should be. 0 switches an alarm off. */
export type AlarmParameters = {
  /** A stream that is open and unmuted and of which nothing comes for so long, in seconds. Default 10. */
  missingS?: number;
  /** Pictures that are all but black for so long, in seconds. Default 30. */
  blackS?: number;
  /** Pictures that do not change at all for so long, in seconds, of cameras only. Default 10. */
  frozenS?: number;
  /** Sound that is open and unmuted and holds nothing for so long, in seconds. Default 60. */
  silentS?: number;
  /** Share of packets lost within 10 s, in per cent. Default 10. */
  lossPercent?: number;
};

/** A time in which a stream was not as it should have been. */
export type Alarm = {
  kind: 'missing' | 'black' | 'frozen' | 'silent' | 'loss';
  userId: string;
  streamId: string;
  fromUs: number;
  untilUs: number;
  /** Of `loss`: the highest share of packets lost within 10 s, in per cent. */
  lossPercent?: number;
};
