import { TEXTS } from './texts.js';

// The page of the library: signs in, lists, searches, plays. Everything comes from /api/v1.

const find = (selector) => document.querySelector(selector);
const page = {
  signIn: find('#sign-in'),
  form: find('#sign-in form'),
  signInProblem: find('#sign-in .problem'),
  library: find('#library'),
  rows: find('#library tbody'),
  table: find('#library table'),
  nothing: find('#nothing'),
  running: find('#running'),
  problem: find('#problem'),
  more: find('#more'),
  prefix: find('#prefix'),
  player: find('#player'),
  video: find('#player video'),
  signOut: find('#sign-out'),
  language: find('#language'),
};

let language = localStorage.getItem('callreel.language') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
let texts = TEXTS[language] ?? TEXTS.en;
let records = [];
let nextCursor = null;
let runningCount = 0;
let playing = null;
// Answers that come after a newer question are not shown.
let question = 0;

/** An error as the server words it. */
class Refusal extends Error {
  constructor(status, { code, message }) {
    super(texts[code] ?? message);
    this.status = status;
  }
}

async function ask(path, { method = 'GET', body } = {}) {
  const headers = { 'x-callreel-request': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  } catch (cause) {
    throw new Error(texts.unreachable, { cause });
  }
  if (answer.status === 204) return null;
  const content = await answer.json();
  if (!answer.ok) throw new Refusal(answer.status, content.error);
  return content;
}

function show(signedIn) {
  page.signIn.hidden = signedIn;
  page.library.hidden = !signedIn;
  page.signOut.hidden = !signedIn;
  if (!signedIn) {
    closePlayer();
    records = [];
    page.form.elements.user.focus();
  }
}

/** Runs what the user asked for and says what went wrong; a session that is over leads to the form. */
async function attempt(work, place = page.problem) {
  place.hidden = true;
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401 && place === page.problem) show(false);
    else {
      place.textContent = error.message;
      place.hidden = false;
    }
  }
}

async function load({ further = false } = {}) {
  question += 1;
  const mine = question;
  const query = new URLSearchParams({ limit: '50' });
  if (page.prefix.value !== '') query.set('namePrefix', page.prefix.value);
  if (further && nextCursor !== null) query.set('cursor', nextCursor);
  const [media, tasks] = await Promise.all([ask(`/api/v1/media?${query}`), ask('/api/v1/recordings?limit=100')]);
  if (mine !== question) return;
  records = further ? [...records, ...media.media] : media.media;
  nextCursor = media.nextCursor;
  runningCount = tasks.recordings.filter(({ state }) => state === 'running' || state === 'stopped').length;
  show(true);
  draw();
}

function draw() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = texts[element.dataset.text];
  for (const element of document.querySelectorAll('[data-placeholder]')) {
    element.placeholder = texts[element.dataset.placeholder];
    element.ariaLabel = element.placeholder;
  }
  page.language.textContent = texts.other;
  page.rows.replaceChildren(...records.map(row));
  page.table.hidden = records.length === 0;
  page.nothing.hidden = records.length > 0;
  page.nothing.textContent = page.prefix.value === '' ? texts.nothing : texts.nothingFound;
  page.more.hidden = nextCursor === null;
  page.running.hidden = runningCount === 0;
  page.running.textContent = texts.running(runningCount);
  if (playing !== null) drawFacts(playing);
}

function row(record) {
  const line = element('tr', record.fileId === playing?.fileId ? 'playing' : '');
  const name = element('td', 'name');
  const open = element('button', '', record.name);
  open.type = 'button';
  open.addEventListener('click', () => play(record));
  name.append(open);
  const hash = element('button', 'quiet hash');
  hash.type = 'button';
  hash.title = record.sha256;
  hash.append(element('code', '', `${record.sha256.slice(0, 12)}…`));
  hash.addEventListener('click', () => copy(hash, record.sha256));
  const download = element('a', '', texts.download);
  download.href = `${record.fileUrl}?download=1`;
  const cells = [
    name,
    record.roomId,
    when(record.startUs),
    [duration(record.durationUs)],
    [size(record.sizeBytes)],
    hash,
    download,
  ];
  line.append(
    ...cells.map((cell) => {
      if (cell === name) return name;
      const td = element('td', Array.isArray(cell) ? 'number' : '');
      td.append(...[cell].flat());
      return td;
    }),
  );
  return line;
}

function play(record) {
  playing = record;
  page.player.hidden = false;
  page.player.querySelector('h2').textContent = record.name;
  if (record.posterUrl === null) page.video.removeAttribute('poster');
  else page.video.poster = record.posterUrl;
  page.video.src = record.fileUrl;
  drawFacts(record);
  draw();
  page.player.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  // Browsers may refuse to begin by themselves; the button in the picture is there then.
  page.video.play().catch(() => page.video.focus());
}

function drawFacts(record) {
  const facts = [
    [texts.when, when(record.startUs)],
    [texts.duration, duration(record.durationUs)],
    [texts.picture, `${record.widthPx} × ${record.heightPx}`],
    [texts.size, `${size(record.sizeBytes)} (${record.sizeBytes.toLocaleString(language)} B)`],
    [texts.application, String(record.sdkAppId)],
    [texts.room, record.roomId],
    [texts.task, record.taskId],
    ['SHA-256', record.sha256],
  ];
  page.player
    .querySelector('dl')
    .replaceChildren(...facts.flatMap(([term, fact]) => [element('dt', '', term), element('dd', '', fact)]));
}

function closePlayer() {
  playing = null;
  page.player.hidden = true;
  page.video.removeAttribute('src');
  page.video.removeAttribute('poster');
  page.video.load();
}

async function copy(button, text) {
  // Only pages over https or on this machine may write there; the whole hash stands in the title too.
  if (navigator.clipboard === undefined) return;
  await navigator.clipboard.writeText(text);
  const before = button.firstChild.textContent;
  button.firstChild.textContent = texts.copied;
  setTimeout(() => {
    button.firstChild.textContent = before;
  }, 1200);
}

function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.textContent = text;
  return made;
}

function duration(us) {
  const seconds = Math.round(us / 1e6);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, ...rest] = parts;
  return hours === 0
    ? `${rest[0]}:${String(rest[1]).padStart(2, '0')}`
    : [hours, ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}

function size(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toLocaleString(language, { maximumFractionDigits: step === 0 ? 0 : 1 })} ${units[step]}`;
}

function when(us) {
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
  }).format(us / 1000);
}

page.form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { user, password } = page.form.elements;
  const button = page.form.querySelector('button');
  button.disabled = true;
  void attempt(async () => {
    await ask('/api/v1/session', { method: 'POST', body: { user: user.value, password: password.value } });
    page.form.reset();
    await load();
  }, page.signInProblem).finally(() => {
    button.disabled = false;
  });
});
page.signOut.addEventListener('click', () =>
  attempt(async () => {
    await ask('/api/v1/session', { method: 'DELETE' });
    show(false);
  }),
);
page.language.addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('callreel.language', language);
  texts = TEXTS[language];
  draw();
});
page.prefix.addEventListener('input', () => attempt(load));
page.more.addEventListener('click', () => attempt(() => load({ further: true })));
find('#refresh').addEventListener('click', () => attempt(load));
page.player.querySelector('button').addEventListener('click', () => {
  closePlayer();
  draw();
});
page.video.addEventListener('error', () => {
  if (playing === null) return;
  page.problem.textContent = texts.unplayable;
  page.problem.hidden = false;
});
// Who comes back to the page sees what has been recorded meanwhile.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && !page.library.hidden) void attempt(load);
});

draw();
page.library.hidden = true;
void attempt(load);
