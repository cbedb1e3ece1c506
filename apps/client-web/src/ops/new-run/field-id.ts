/** The id in the document of the field with a path. */
export function fieldId(path: string): string {
  return `field-${path}`;
}
