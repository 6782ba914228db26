/**
 * Which connection of the other side a session description belongs to: its ICE credentials. Others mean that
 * it has made a new one. (The session id of `o=` would be the standard's word for it, but Janus 1.1 gives every
 * offer a new one.)
 */
export function connectionIdOf(sdp: string): string {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? '';
}

/**
 * The answer with forward error correction asked for in Opus (RFC 7587, section 6.1: the encoder uses it only
 * when the receiver says so). Media servers that only forward often leave it out.
 */
export function withOpusFec(sdp: string): string {
  return withFormat(sdp, /^a=rtpmap:(\d+) opus\/48000/gim, 'useinbandfec', 1);
}

/**
 * The answer with a first guess of what the way carries, in kbit/s, for Chromium, whose own of 300 shrinks the
 * picture of the first seconds of every call. Other browsers pass over it.
 */
export function withStartBitrate(sdp: string, kbps: number): string {
  return withFormat(sdp, /^a=rtpmap:(\d+) (?:VP8|H264)\/90000/gim, 'x-google-start-bitrate', kbps);
}

/** Sets one format parameter of all payload types that `codec` finds (its first group). */
function withFormat(sdp: string, codec: RegExp, name: string, value: number): string {
  const payloadTypes = [...sdp.matchAll(codec)].map((match) => match[1] ?? '');
  return payloadTypes.reduce((text, payloadType) => {
    const line = new RegExp(`^(a=fmtp:${payloadType} )(.*?)(\\r?)$`, 'm');
    if (!line.test(text))
      return text.replace(
        new RegExp(`^(a=rtpmap:${payloadType} .*?)(\\r?)$`, 'm'),
        `$1$2\na=fmtp:${payloadType} ${name}=${value}$2`,
      );
    return text.replace(line, (_line, head: string, facts: string, end: string) => {
      const others = facts.split(';').filter((fact) => !fact.trim().startsWith(`${name}=`));
      return `${head}${[...others, `${name}=${value}`].join(';')}${end}`;
    });
  }, sdp);
}
