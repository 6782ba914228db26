/** Now, in integer microseconds since the Unix epoch: the only clock of recording. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
