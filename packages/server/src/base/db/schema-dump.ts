import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * The schema as text, the same from the embedded database and from Postgres of any version: what
 * `schema.sql` holds and a test compares. For reading and for reviews; it is never run.
 */
export async function dumpSchema(db: Kysely<Tables>): Promise<string> {
  const columns = await sql<{ table: string; line: string }>`
    SELECT c.relname AS table,
           a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
             || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS line
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    ORDER BY c.relname, a.attnum`.execute(db);
  // Kind n, "not null", became a constraint of its own in Postgres 18; the columns say it already.
  const constraints = await sql<{ table: string; line: string }>`
    SELECT r.relname AS table, 'CONSTRAINT ' || c.conname || ' ' || pg_get_constraintdef(c.oid) AS line
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.connamespace = 'public'::regnamespace AND c.contype <> 'n'
    ORDER BY r.relname, c.conname COLLATE "C"`.execute(db);
  const indexes = await sql<{ table: string; line: string }>`
    SELECT r.relname AS table, pg_get_indexdef(i.indexrelid) AS line
    FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid
    WHERE r.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
    ORDER BY pg_get_indexdef(i.indexrelid) COLLATE "C"`.execute(db);
  const tables = [...new Set(columns.rows.map((row) => row.table))].sort();
  const linesOf = (rows: { table: string; line: string }[], table: string): string[] =>
    rows.filter((row) => row.table === table).map((row) => row.line);
  const parts = tables.map((table) => {
    const inside = [...linesOf(columns.rows, table), ...linesOf(constraints.rows, table)]
      .map((line) => `  ${line}`)
      .join(',\n');
    return [`CREATE TABLE ${table} (\n${inside}\n);`, ...linesOf(indexes.rows, table).map((line) => `${line};`)].join(
      '\n',
    );
  });
  return `-- The schema after all migrations; \`make reference\` writes it, a test compares it.\n\n${parts.join('\n\n')}\n`;
}
