import type { Language } from './texts.ts';

const LANGUAGE_KEY = 'callreel.language';

/** Language that the user has chosen, or null. */
export function chosenLanguage(): Language | null {
  try {
    const kept = localStorage.getItem(LANGUAGE_KEY);
    return kept === 'zh' || kept === 'en' ? kept : null;
  } catch {
    // Storage is switched off: the browser's own language it is.
    return null;
  }
}

/** Keeps the language that the user has chosen. */
export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(LANGUAGE_KEY, language);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

/** Writes the user into the address, so that a page that is loaded anew is the same user. */
export function keepUser(userId: string): void {
  const address = new URL(location.href);
  if (address.searchParams.get('userId') === userId) return;
  address.searchParams.set('userId', userId);
  history.replaceState(null, '', address);
}
