import { stringify } from 'yaml';
import { type Setting, settings } from './setting.js';

const heading = `# Every setting of Quire at its default, written by \`npm run example-config\` from config/schema.ts.
# Use it with \`quire serve --config FILE\`; each name is also an environment variable, as QUIRE_SERVER_PORT.
`;

/** Text of `quire.example.yaml`: each setting with its sentence, its choices and its variable, at its default. */
export function exampleFile(): string {
  const sections = [...new Set(settings.map((setting) => setting.section))];
  return `${heading}${sections.map(describeSection).join('')}`;
}

function describeSection(section: string): string {
  const members = settings.filter((setting) => setting.section === section);
  return `\n${section}:\n${members.map(describeSetting).join('')}`;
}

function describeSetting(setting: Setting): string {
  const choices = setting.choices.length > 0 ? ` One of ${setting.choices.join(', ')}.` : '';
  const value = stringify({ [setting.name]: setting.defaultValue }, { defaultStringType: 'PLAIN' }).trimEnd();
  return `  # ${setting.sentence}${choices}\n  ${value}\n`;
}
