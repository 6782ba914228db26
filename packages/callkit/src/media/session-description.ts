/**
 * Which life of a connection a session description belongs to: `o=`'s session id. Another id means that the
 * other side has made a new connection.
 */
export function sessionIdOf(sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
}

/**
 * The answer with forward error correction asked for in Opus (RFC 7587, section 6.1: the encoder uses it only
 * when the receiver says so). Media servers that only forward often leave it out.
 */
export function withOpusFec(sdp: string): string {
  const payloadTypes = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000/gim)].map((match) => match[1] ?? '');
  return payloadTypes.reduce((text, payloadType) => {
    const fmtp = new RegExp(`^(a=fmtp:${payloadType} )(.*?)(\\r?)$`, 'm');
    const found = fmtp.exec(text);
    if (found === null) return text.replace(new RegExp(`^(a=rtpmap:${payloadType} .*?)(\\r?)$`, 'm'), `$1$2\na=fmtp:${payloadType} useinbandfec=1$2`);
    if (/useinbandfec=/.test(found[2] ?? '')) return text.replace(fmtp, (_line, head: string, facts: string, end: string) => head + facts.replace(/useinbandfec=\d/, 'useinbandfec=1') + end);
    return text.replace(fmtp, '$1$2;useinbandfec=1$3');
  }, sdp);
}
