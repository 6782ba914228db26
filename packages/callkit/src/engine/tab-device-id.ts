/**
 * Device id of this tab for one user: kept in the tab's session storage, so that a page which is loaded anew
 * is the same device. `fresh` is used and kept when there is none yet, or when the browser keeps nothing.
 */
export function tabDeviceId(user: string, fresh: string): string {
  const key = `callreel.device/${user}`;
  try {
    // A duplicated tab copies the storage; the server then refuses the older one as signed in elsewhere.
    const kept = sessionStorage.getItem(key);
    if (kept !== null && /^[A-Za-z0-9_-]{8,64}$/.test(kept)) return kept;
    sessionStorage.setItem(key, fresh);
  } catch {
    // Storage is switched off: the device lives as long as the page.
  }
  return fresh;
}
