import type { EventType } from '@tenon/core';

const intro = `# Events

Every change is recorded as an event, in the transaction of the change. An event has a type, an actor, an entity, the changed fields
(\`changes\`, each as \`{ from, to }\`) and further data (\`data\`). The activity of an organization shows its events, and
[webhooks](guides/webhooks.md) and [streams](guides/realtime.md) send them. More types will come, and types may gain fields: ignore unknown ones.

This page is generated from the catalogue in the code. The OpenAPI document has the schema of each event of an organization, as webhooks
send it, under \`webhooks\`.
`;

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ') || '–';

function example(event: EventType): string {
  const fields = Object.keys(event.changes.shape);
  const field = fields.includes('status') ? 'status' : fields[0];
  const changes = field === undefined ? {} : { [field]: { from: '{from}', to: '{to}' } };
  const data = Object.fromEntries(Object.keys(event.data.shape).map((name) => [name, `{${name}}`]));
  return event.summary({ actor: 'Ada', data, changes });
}

/** The page about the events, in Markdown. */
export function eventPage(events: readonly EventType[]): string {
  const entities = [...new Set(events.map(({ type }) => type.slice(0, type.indexOf('.'))))];
  const sections = entities.map((entity) => {
    const rows = events
      .filter(({ type }) => type.startsWith(`${entity}.`))
      .map((event) =>
        [
          `\`${event.type}\``,
          example(event),
          `\`${event.entityType}\``,
          code(Object.keys(event.changes.shape)),
          code(Object.keys(event.data.shape)),
        ].join(' | '),
      );
    return `## ${entity}\n\n| type | for example | about | \`changes\` | \`data\` |\n|---|---|---|---|---|\n${rows.map((row) => `| ${row} |`).join('\n')}\n`;
  });
  return [intro, ...sections].join('\n');
}
