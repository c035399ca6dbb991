import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { type Exposition, isAnnounced } from './exposition.js';

/** Labels that Prometheus adds to what it scrapes. */
const targetLabels = new Set(['instance', 'job']);

/** Series that are not Quire's: Prometheus' own, and the recording rules of ours. */
const isForeign = (name: string) => name === 'up' || name.startsWith('quire:');

/**
 * What is wrong with an expression for a server that exposes these series: broken syntax, a series that does not
 * exist, a label that it does not have, a label value that it never takes, a grouping by a label that nothing has.
 */
export function checkPromql(expression: string, exposition: Exposition): string[] {
  const source = expression.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h');
  const problems: string[] = [];
  const selectors: { name: string; labels: Set<string> }[] = [];
  const groupings: string[] = [];
  const textOf = (node: SyntaxNode) => source.slice(node.from, node.to);

  parser.parse(source).iterate({
    enter(reference) {
      const { node } = reference;
      if (node.type.isError) problems.push(`syntax error at "${source.slice(node.from, node.from + 20)}"`);
      if (node.name === 'VectorSelector') {
        const name = node.getChild('Identifier');
        if (!name) return;
        const labels = checkSelector(textOf(name), node, textOf, exposition, problems);
        selectors.push({ name: textOf(name), labels });
      }
      if (node.name === 'GroupingLabels')
        for (const label of node.getChildren('LabelName')) groupings.push(textOf(label));
    },
  });
  if (selectors.length === 0 && !/^\s*vector\(/.test(source)) problems.push('it selects no series');
  for (const label of groupings) {
    const isKnown =
      targetLabels.has(label) || selectors.some(({ name, labels }) => isForeign(name) || labels.has(label));
    if (!isKnown) problems.push(`no series of it has the label "${label}"`);
  }
  return problems;
}

function checkSelector(
  name: string,
  selector: SyntaxNode,
  textOf: (node: SyntaxNode) => string,
  exposition: Exposition,
  problems: string[],
): Set<string> {
  const labels = new Set<string>();
  if (isForeign(name)) return labels;
  if (!isAnnounced(exposition, name)) problems.push(`there is no series "${name}"`);
  const samples = exposition.samples.get(name) ?? [];
  for (const sample of samples) for (const label of Object.keys(sample)) labels.add(label);
  if (samples.length === 0) problems.push(`"${name}" has no samples to check labels against`);
  for (const matcher of selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const labelNode = matcher.getChild('LabelName');
    const operator = matcher.getChild('MatchOp');
    const valueNode = matcher.getChild('StringLiteral');
    if (!labelNode || !operator || !valueNode) continue;
    const label = textOf(labelNode);
    const value = textOf(valueNode).slice(1, -1);
    if (targetLabels.has(label)) continue;
    if (!labels.has(label)) problems.push(`"${name}" has no label "${label}"`);
    else if (!value.includes('$') && !samples.some((sample) => matches(sample[label] ?? '', textOf(operator), value))) {
      problems.push(`"${name}" never has ${label}${textOf(operator)}"${value}"`);
    }
  }
  return labels;
}

function matches(actual: string, operator: string, value: string): boolean {
  const isMatch = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
  return operator.startsWith('!') ? !isMatch : isMatch;
}
