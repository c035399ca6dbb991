import { Command, InvalidArgumentError } from 'commander';
import { defaultShapes, parseShape, type Shape } from '../benchmark/shape.js';
import { runAction } from './run-action.js';
import { addSettingFlags, configFromFlags } from './setting-flags.js';

/** Flags that say which server to start; they mean nothing to one that runs already. */
const startFlags = ['model', 'precision', 'devices', 'isolation', 'config'] as const;

/** `quire bench`. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .description('Measure a server under load: latency, images a second, and what the GPUs spend on it.')
    .option('--url <url>', 'Measure this server instead of starting one; any that speaks the OpenAI dialect.', checkUrl)
    .option('--model-name <name>', 'Name of the model there; by default the first it lists.')
    .option('--api-key <key>', 'Bearer key for --url.')
    .option('--compare-devices', 'Measure the first device alone, then all of them.')
    .option(
      '--shape <WxH:TOKENS>',
      'Size of the pictures and tokens to generate; may be given several times. Default: 1080p:128 and 360p:512, unless there are pages.',
      addShape,
    )
    .option('--pages <path>', 'File or folder of real pages; may be given several times.', addPath)
    .option(
      '--concurrency <list>',
      'Requests in flight, such as 1,32,96; the default, or 1,4 where only CPUs work.',
      readCounts,
    )
    .option(
      '--requests <count>',
      'Requests of each measurement. Default: 4 times those in flight, at least 20, for a minute at most.',
      readCount(1, 1_000_000),
    )
    .option(
      '--duration <seconds>',
      'Time of each measurement, after which no request is started; with --requests whichever ends first.',
      readCount(1, 86_400),
    )
    .option(
      '--warmup <count>',
      'Requests before each kind of input that are not counted; by default as many as are in flight, at least 8.',
      readCount(0, 100_000),
    )
    .option('--timeout <seconds>', 'Time a request may take.', readCount(1, 86_400), 600)
    .option('--prompt <text>', 'Prompt sent with each picture.', 'OCR:')
    .option('--json <file>', 'Write everything as JSON as well; - prints it instead of the table.')
    .option('--quiet', 'No progress.')
    .addHelpText(
      'after',
      `
Without --url a server is started as \`quire serve\` would be with the same settings, in a process of its own,
and spoken to over HTTP: the figures include decoding and preparing the pictures. Pictures are JPEG, printed with
letters and different from each other. A number of tokens is generated whatever is on them (ignore_eos, which vLLM,
SGLang and Quire know). Pages go to /v1/parse of Quire; to other servers each picture goes as one chat turn, without
page layout. GPUs are read by nvidia-smi twice a second when they are on this machine. With --url on this machine and
a server other than Quire, all GPUs of CUDA_VISIBLE_DEVICES are counted.

Ctrl-C ends it and prints what there is.
Exit code: 0 every request was answered, 1 some were not or the target cannot be measured, 2 the command is wrong,
130 called off.

Examples:
  quire bench                                                       the embedded model
  quire bench --model ./PaddleOCR-VL --devices cuda:0,cuda:1 --compare-devices
  quire bench --model ./PaddleOCR-VL --shape 1316x728:128 --shape 644x364:512 --concurrency 1,96,192
  quire bench --url http://127.0.0.1:8000 --json vllm.json          vLLM, SGLang, a Quire that runs
  quire bench --pages scans/ --concurrency 8 --duration 300         real pages`,
    )
    .action((options: Record<string, unknown>) => {
      const isUrl = options.url !== undefined;
      const foreign = isUrl
        ? [...startFlags, 'compareDevices'].filter((name) => options[name] !== undefined)
        : ['modelName', 'apiKey'].filter((name) => options[name] !== undefined);
      if (foreign.length > 0) {
        const names = foreign.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
        command.error(`error: ${names.join(', ')} ${isUrl ? 'cannot be used with' : 'needs'} --url`);
      }
      return runAction(async () => {
        const target = isUrl
          ? {
              kind: 'url' as const,
              url: options.url as string,
              modelName: options.modelName as string | undefined,
              apiKey: options.apiKey as string | undefined,
            }
          : {
              kind: 'started' as const,
              config: configFromFlags(options),
              flags: startFlags.flatMap((name) =>
                options[name] === undefined ? [] : [`--${name}`, String(options[name])],
              ),
              isComparison: options.compareDevices === true,
            };
        const pages = (options.pages as string[] | undefined) ?? [];
        const { runBenchmark } = await import('../benchmark/run-benchmark.js');
        return runBenchmark({
          target,
          shapes: (options.shape as Shape[] | undefined) ?? (pages.length > 0 ? [] : defaultShapes),
          pages,
          concurrency: (options.concurrency as number[] | undefined) ?? null,
          requests: (options.requests as number | undefined) ?? null,
          durationMs: options.duration === undefined ? null : (options.duration as number) * 1000,
          warmup: (options.warmup as number | undefined) ?? null,
          timeoutMs: (options.timeout as number) * 1000,
          prompt: options.prompt as string,
          jsonPath: options.json as string | undefined,
          isQuiet: options.quiet === true,
        });
      });
    });
  return addSettingFlags(command, ['model.dir', 'model.precision', 'devices.use', 'devices.isolation']);
}

/** The address without a trailing slash or `/v1`, however it was given. */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('Write an address such as http://127.0.0.1:8000.');
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '');
}

function addShape(text: string, earlier: Shape[] = []): Shape[] {
  try {
    return [...earlier, parseShape(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as RangeError).message);
  }
}

function addPath(path: string, earlier: string[] = []): string[] {
  return [...earlier, path];
}

const mostInFlight = 4096;
const mostLevels = 16;

function readCounts(text: string): number[] {
  const counts = text.split(',').map(readCount(1, mostInFlight));
  if (counts.length > mostLevels) throw new InvalidArgumentError(`${mostLevels} values at most.`);
  return counts;
}

function readCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\s*\d+\s*$/.test(text) && count >= least && count <= most) return count;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}
