// The readable form of /api/v1/openapi.json. Texts become text nodes, never markup.

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'];

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** A schema as it stands in the document, or a link to the part that it names. */
function shown(schema) {
  if (typeof schema.$ref !== 'string') return make('pre', { textContent: JSON.stringify(schema, null, 2) });
  const name = schema.$ref.split('/').at(-1);
  return make('p', {}, make('a', { href: `#part-${name}`, textContent: name }));
}

function parametersOf({ parameters = [] }) {
  if (parameters.length === 0) return [];
  const rows = parameters.map(({ name, in: place, required, schema }) =>
    make(
      'tr',
      {},
      make('td', {}, make('code', { textContent: name })),
      make('td', { textContent: `${place}${required ? ', required' : ''}` }),
      make('td', {}, make('code', { textContent: JSON.stringify(schema) })),
    ),
  );
  return [make('h4', { textContent: 'Parameters' }), make('table', {}, make('tbody', {}, ...rows))];
}

function bodyOf({ requestBody }) {
  const schema = requestBody?.content?.['application/json']?.schema;
  return schema === undefined ? [] : [make('h4', { textContent: 'Body' }), shown(schema)];
}

function answersOf({ responses }) {
  const parts = Object.entries(responses).flatMap(([status, { description, content = {} }]) => {
    const title = make('p', {}, make('strong', { textContent: status }), ` ${description}`);
    const schemas = Object.entries(content).map(([type, { schema }]) =>
      type === 'application/json' ? shown(schema) : make('p', {}, make('code', { textContent: type })),
    );
    // The form of errors is the same everywhere; their codes are in the description.
    return Number(status) >= 400 ? [title] : [title, ...schemas];
  });
  return [make('h4', { textContent: 'Answers' }), ...parts];
}

function routeOf(method, path, operation) {
  const open = operation.security?.length === 0 ? [make('p', { textContent: 'Nobody needs to sign in.' })] : [];
  return make(
    'details',
    {},
    make(
      'summary',
      {},
      make('span', { className: 'method', textContent: method.toUpperCase() }),
      make('code', { textContent: path }),
      ` ${operation.summary}`,
    ),
    ...open,
    ...parametersOf(operation),
    ...bodyOf(operation),
    ...answersOf(operation),
  );
}

function show({ info, tags, paths, components }) {
  document.querySelector('#about').textContent = info.description;
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => ({ method, path, operation: item[method] })),
  );
  const sections = tags.map(({ name, description }) =>
    make(
      'section',
      { id: name },
      make('h2', { textContent: name }),
      make('p', { textContent: description }),
      ...routes
        .filter(({ operation }) => operation.tags.includes(name))
        .map(({ method, path, operation }) => routeOf(method, path, operation)),
    ),
  );
  const parts = Object.entries(components.schemas).map(([name, schema]) =>
    make('section', { id: `part-${name}` }, make('h3', { textContent: name }), shown(schema)),
  );
  document
    .querySelector('#tags')
    .append(
      ...[...tags.map(({ name }) => name), 'Parts'].map((name) => make('a', { href: `#${name}`, textContent: name })),
    );
  document
    .querySelector('main')
    .replaceChildren(...sections, make('section', { id: 'Parts' }, make('h2', { textContent: 'Parts' }), ...parts));
  document.documentElement.dataset.state = 'shown';
}

try {
  const answer = await fetch('/api/v1/openapi.json');
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  show(await answer.json());
} catch (error) {
  const problem = document.querySelector('#problem');
  problem.textContent = error.message;
  problem.hidden = false;
  document.documentElement.dataset.state = 'failed';
}
