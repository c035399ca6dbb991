import type { Command } from 'commander';
import { type Config, loadConfig, settings } from '#config';

/** The settings that have a flag of their own; all others come from the file or the environment. */
const flagOf = {
  'server.host': '--host <address>',
  'server.port': '--port <number>',
  'server.apiKeys': '--api-key <key>',
  'model.dir': '--model <dir>',
  'model.precision': '--precision <kind>',
  'devices.use': '--devices <list>',
  'devices.isolation': '--isolation <kind>',
} as const;

export type FlagSetting = keyof typeof flagOf;

/** Adds `--config` and the flags of some settings, described by the schema's own sentences. */
export function addSettingFlags(command: Command, paths: readonly FlagSetting[]): Command {
  for (const path of paths) {
    const setting = settings.find((candidate) => candidate.path === path);
    if (!setting) throw new TypeError(`flag for a setting that does not exist: ${path}`);
    const choices = setting.choices.length > 0 ? ` One of ${setting.choices.join(', ')}.` : '';
    const list = setting.kind === 'list' ? ' Several are separated by commas.' : '';
    const isEmpty =
      setting.defaultValue === '' || (Array.isArray(setting.defaultValue) && setting.defaultValue.length === 0);
    command.option(
      flagOf[path],
      `${setting.sentence}${choices}${list}${isEmpty ? '' : ` Default: ${setting.defaultValue}.`}`,
    );
  }
  return command.option('--config <file>', 'YAML file of settings; QUIRE_CONFIG names one too.');
}

/** The settings for a command: file, then environment, then its flags. Throws ConfigError. */
export function configFromFlags(options: Readonly<Record<string, unknown>>): Config {
  const file = typeof options.config === 'string' ? options.config : process.env.QUIRE_CONFIG;
  const flags = Object.entries(flagOf).map(([path, flag]) => [path, options[optionName(flag)]] as const);
  return loadConfig({
    file,
    env: process.env,
    flags: Object.fromEntries(flags.filter((entry): entry is [FlagSetting, string] => typeof entry[1] === 'string')),
  });
}

/** `--api-key <key>` is `apiKey` in commander's options. */
function optionName(flag: string): string {
  const [, name] = /^--([\w-]+)/.exec(flag) ?? [];
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
