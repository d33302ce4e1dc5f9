/** Starts a watch of this process's processor time: what others do on the machine does not count. @returns reads it, in ms */
export function processorTime(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
}
