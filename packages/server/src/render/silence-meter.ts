/** −60 dBFS. */
const SOUND_LEVEL = 0.001;

/** Whether a block holds anything above about −60 dBFS. One array a channel. */
export function isHeard(block: readonly Float32Array[]): boolean {
  return block.some((samples) => samples.some((value) => value > SOUND_LEVEL || value < -SOUND_LEVEL));
}
