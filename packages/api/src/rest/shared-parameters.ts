import { capitalized } from '@tenon/core';
import { isJson, type Json } from './json-schema.ts';

/** A parameter of fewer operations is described by each of them: references would hardly save anything. */
const fewest = 4;

const nameOf = ({ in: place, name }: Json): string => capitalized(String(name)) + (place === 'path' ? 'InPath' : '');

const operationsOf = (paths: Readonly<Record<string, Json>>): Json[] =>
  Object.values(paths).flatMap((item) => Object.values(item).filter(isJson));

const parametersOf = ({ parameters }: Json): Json[] => (Array.isArray(parameters) ? parameters.filter(isJson) : []);

/**
 * Describes a parameter once when many operations describe it in the same words. Of the descriptions that share a name, only the most
 * frequent one is shared, so that the component can have this name.
 * @param taken the names that other components have
 * @returns the paths, with references, and the components that these refer to
 */
export function shareParameters(
  paths: Readonly<Record<string, Json>>,
  taken: Json,
): { paths: Record<string, Json>; parameters: Json } {
  const described = operationsOf(paths)
    .flatMap(parametersOf)
    .filter((parameter) => !('$ref' in parameter));
  const uses = [...Map.groupBy(described, (parameter) => JSON.stringify(parameter))]
    .filter(([, of]) => of.length >= fewest)
    .toSorted(([, one], [, other]) => other.length - one.length);
  const parameters: Json = {};
  const names = new Map<string, string>();
  for (const [text, [parameter = {}]] of uses) {
    const name = nameOf(parameter);
    if (name in parameters || name in taken) continue;
    parameters[name] = parameter;
    names.set(text, name);
  }
  const referring = (parameter: Json): Json => {
    const name = names.get(JSON.stringify(parameter));
    return name === undefined ? parameter : { $ref: `#/components/parameters/${name}` };
  };
  const shared = Object.entries(paths).map(([path, item]) => {
    const operations = Object.entries(item).map(([method, operation]) => [
      method,
      isJson(operation) ? { ...operation, parameters: parametersOf(operation).map(referring) } : operation,
    ]);
    return [path, Object.fromEntries(operations)] as const;
  });
  return { paths: Object.fromEntries(shared), parameters };
}
