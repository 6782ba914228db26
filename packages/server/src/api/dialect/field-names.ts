// What the fields of a task's parameters are called in the dialect; `*` stands for a number in a list.
const NAMES: readonly (readonly [string, string])[] = Object.freeze([
  ['video.widthPx', 'MixTranscodeParams.VideoParams.Width'],
  ['video.heightPx', 'MixTranscodeParams.VideoParams.Height'],
  ['video.fps', 'MixTranscodeParams.VideoParams.Fps'],
  ['video.bitrateBps', 'MixTranscodeParams.VideoParams.BitRate'],
  ['video.keyframeIntervalS', 'MixTranscodeParams.VideoParams.Gop'],
  ['video', 'MixTranscodeParams.VideoParams'],
  ['audio.bitrateBps', 'MixTranscodeParams.AudioParams.BitRate'],
  ['layout.rectangles.*.leftPx', 'MixLayoutParams.MixLayoutList.*.Left'],
  ['layout.rectangles.*.topPx', 'MixLayoutParams.MixLayoutList.*.Top'],
  ['layout.rectangles.*.widthPx', 'MixLayoutParams.MixLayoutList.*.Width'],
  ['layout.rectangles.*.heightPx', 'MixLayoutParams.MixLayoutList.*.Height'],
  ['layout.rectangles.*.userId', 'MixLayoutParams.MixLayoutList.*.UserId'],
  ['layout.rectangles.*.layer', 'MixLayoutParams.MixLayoutList.*.ImageLayer'],
  ['layout.rectangles.*.alpha', 'MixLayoutParams.MixLayoutList.*.Alpha'],
  ['layout.rectangles.*.placeholderUrl', 'MixLayoutParams.MixLayoutList.*.SubBackgroundImage'],
  ['layout.rectangles.*', 'MixLayoutParams.MixLayoutList.*'],
  ['layout.large.userId', 'MixLayoutParams.MaxResolutionUserId'],
  ['layout', 'MixLayoutParams'],
  ['backgroundColor', 'MixLayoutParams.BackGroundColor'],
  ['background.url', 'MixLayoutParams.BackgroundImageUrl'],
  ['placeholder.url', 'MixLayoutParams.DefaultSubBackgroundImage'],
  ['watermarks.*.url', 'MixLayoutParams.WaterMarkList.*.WaterMarkImage.WaterMarkUrl'],
  ['watermarks.*.text', 'MixLayoutParams.WaterMarkList.*.WaterMarkChar.Chars'],
  ['watermarks.*.fontSizePx', 'MixLayoutParams.WaterMarkList.*.WaterMarkChar.FontSize'],
  ['watermarks.*.color', 'MixLayoutParams.WaterMarkList.*.WaterMarkChar.FontColor'],
  ['watermarks.*.backgroundColor', 'MixLayoutParams.WaterMarkList.*.WaterMarkChar.BackGroundColor'],
  // Pictures and texts have these alike.
  ['watermarks.*.leftPx', 'MixLayoutParams.WaterMarkList.*.Left'],
  ['watermarks.*.topPx', 'MixLayoutParams.WaterMarkList.*.Top'],
  ['watermarks.*.widthPx', 'MixLayoutParams.WaterMarkList.*.Width'],
  ['watermarks.*.heightPx', 'MixLayoutParams.WaterMarkList.*.Height'],
  ['watermarks.*', 'MixLayoutParams.WaterMarkList.*'],
  ['subscription.audio', 'SubscribeStreamUserIds.SubscribeAudioUserIds'],
  ['subscription.notAudio', 'SubscribeStreamUserIds.UnSubscribeAudioUserIds'],
  ['subscription.video', 'SubscribeStreamUserIds.SubscribeVideoUserIds'],
  ['subscription.notVideo', 'SubscribeStreamUserIds.UnSubscribeVideoUserIds'],
  ['output.maxFileDurationMinutes', 'RecordParams.MaxMediaFileDuration'],
  ['output', 'RecordParams.OutputFormat or MediaType'],
  ['maxIdleMs', 'RecordParams.MaxIdleTime'],
]);

const patterns = NAMES.map(([ours, theirs]) => ({
  pattern: new RegExp(`\\b${ours.replaceAll('.', '\\.').replace('*', '(\\d+)')}(?=[ .])`),
  theirs: theirs.replace('*', '$1'),
}));

/** The sentence of a refusal, with the first field in it called as in the dialect. */
export function inDialectWords(sentence: string): string {
  const found = patterns.find(({ pattern }) => pattern.test(sentence));
  return found === undefined ? sentence : sentence.replace(found.pattern, found.theirs);
}
