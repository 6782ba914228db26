import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { configReference } from './config-reference.ts';
import { configKeys } from './config-schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string): string {
  files += 1;
  const path = join(folder, `${files}.json`);
  writeFileSync(path, content);
  return path;
}

describe('configuration', () => {
  test('has a default for every key', () => {
    expect(loadConfig()).toMatchObject({
      port: 8080,
      data: './data',
      demo: false,
      media: { rtpPortRange: '40000-49999' },
    });
  });

  test('command line beats environment beats file beats default', () => {
    const config = file('{"port": 1, "host": "10.0.0.1", "media": {"rtpPortRange": "2000-3000"}, "mediaTimeoutS": 20}');
    const env = { CALLREEL_PORT: '2', CALLREEL_MEDIA_TIMEOUT_S: '30', PATH: '/bin' };
    expect(loadConfig({ args: ['--config', config, '--port', '3', '--demo'], env })).toMatchObject({
      port: 3,
      demo: true,
      mediaTimeoutS: 30,
      host: '10.0.0.1',
      media: { rtpPortRange: '2000-3000', janusPath: null },
    });
  });

  test.each(configKeys().map((key) => [key.path, key.variable]))(
    '%s has a variable of its own: %s',
    (path, variable) => {
      expect(variable).toMatch(/^CALLREEL_[A-Z]+(_[A-Z]+)*$/);
      expect(() => loadConfig({ env: { [variable]: '\u0000' } })).toThrow(path);
    },
  );

  test.each([
    ['an unknown key', '{"prot": 1}', 'Key "prot"'],
    ['an unknown inner key', '{"media": {"ports": 1}}', 'Key "media.ports"'],
    ['a wrong type', '{"port": "80"}', 'Key "port" is "80"'],
    ['a value out of range', '{"port": 70000}', 'an integer from 0 to 65535'],
    ['a number where a folder of keys is due', '{"media": 5}', 'Key "media" is 5'],
    ['a list', '[]', 'an object of keys'],
    ['no JSON', '{port', 'a readable file of JSON'],
    ['an address that is none', '{"publicAddress": "example.org"}', 'an IPv4 or IPv6 address'],
    ['a reversed port range', '{"media": {"rtpPortRange": "5000-4000"}}', 'first-last'],
    ['a level that is none', '{"logLevel": "loud"}', 'trace, debug'],
    ['a prototype', '{"__proto__": {"port": 1}}', '__proto__'],
  ])('refuses %s', (_, content, sentence) => {
    expect(() => loadConfig({ args: ['--config', file(content)] })).toThrow(sentence);
  });

  test('refuses unknown variables, arguments and missing files', () => {
    expect(() => loadConfig({ env: { CALLREEL_PROT: '1' } })).toThrow('CALLREEL_PROT is not known');
    expect(() => loadConfig({ args: ['--prot', '1'] })).toThrow(/--prot.*Allowed/);
    expect(() => loadConfig({ args: ['--config', join(folder, 'none.json')] })).toThrow('ENOENT');
  });

  test('never shows the password in a database URL', () => {
    expect(() => loadConfig({ env: { CALLREEL_DATABASE_URL: 'mysql://u:hush@h' } })).toThrow(
      /^(?!.*hush).*databaseUrl/,
    );
  });

  test('answers any file with a configuration or with ConfigInvalid', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        try {
          loadConfig({ args: ['--config', file(json)] });
        } catch (error) {
          expect(error).toMatchObject({ code: 'ConfigInvalid' });
        }
      }),
      { numRuns: 200 },
    );
  });

  test('docs/reference/config.md is made from the schema', () => {
    expect(readFileSync(join(import.meta.dirname, '../../../../docs/reference/config.md'), 'utf8')).toBe(
      configReference(),
    );
  });
});
