/** What is opened together is closed together. */
export type Open = <Part extends Closable>(part: Part | Promise<Part>) => Promise<Part>;

interface Closable {
  close(): Promise<unknown>;
}

/**
 * Composes something of parts that are open, each waited for before the next. Its `close()` ends them, the last one first;
 * a fault on the way ends those that were open by then.
 */
export async function openParts<Whole extends object>(
  compose: (open: Open) => Promise<Whole>,
): Promise<Omit<Whole, "close"> & { close(): Promise<void> }> {
  const parts: Closable[] = [];
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part.close();
  };
  try {
    const whole = await compose(async (opening) => {
      const part = await opening;
      parts.push(part);
      return part;
    });
    return { ...whole, close };
  } catch (error) {
    await close();
    throw error;
  }
}
