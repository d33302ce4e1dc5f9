/** What `promise` gives, unless that takes longer. The work itself is not stopped. @throws {Error} after `ms` */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  promise.catch(() => {}); // when it fails after we have gone, nobody is left to be told
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
