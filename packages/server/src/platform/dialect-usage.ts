import type { UsageReader as DialectUsageReader, RecordedMinutes, RecordedSeconds } from '../api/dialect/index.ts';
import { describeRecordingUsage, describeRecordStatistic, type UsageReader } from '../usage/index.ts';

/** What the dialect asks of usage, answered by the book of usage. */
export class DialectUsage implements DialectUsageReader {
  readonly #reader: UsageReader;

  constructor(reader: UsageReader) {
    this.#reader = reader;
  }

  async recordedByDay({
    sdkAppId,
    fromDay,
    untilDay,
  }: Parameters<DialectUsageReader['recordedByDay']>[0]): Promise<{ sdkAppId: number; days: RecordedSeconds[] }[]> {
    const days = { StartTime: fromDay, EndTime: untilDay };
    const request = sdkAppId === undefined ? days : { ...days, SdkAppId: sdkAppId };
    const { SdkAppIdUsages } = await describeRecordStatistic(this.#reader, request);
    return SdkAppIdUsages.map(({ SdkAppId, Usages }) => ({
      sdkAppId: Number(SdkAppId),
      days: Usages.map(({ TimeKey, Class1VideoTime, Class2VideoTime, Class3VideoTime, AudioTime }) => ({
        day: TimeKey,
        ...{ sdS: Class1VideoTime, hdS: Class2VideoTime, fullHdS: Class3VideoTime, audioS: AudioTime },
      })),
    }));
  }

  async recordedMinutes({
    sdkAppId,
    fromDay,
    untilDay,
    mode,
  }: Parameters<DialectUsageReader['recordedMinutes']>[0]): Promise<RecordedMinutes[]> {
    const days = { StartTime: fromDay, EndTime: untilDay, MixType: mode === 'mixed' ? 'multi' : 'single' };
    const request = sdkAppId === undefined ? days : { ...days, SdkAppId: sdkAppId };
    const { UsageList } = await describeRecordingUsage(this.#reader, request);
    return UsageList.map(({ TimeKey, TimeStampKey, UsageValue }) => {
      const [audio = 0, sd = 0, hd = 0, fullHd = 0, twoK = 0, fourK = 0] = UsageValue;
      return { time: TimeKey, atMs: TimeStampKey * 1000, audio, sd, hd, fullHd, twoK, fourK };
    });
  }
}
