/** What one process does for all of them, now and then, and when it was done last. */
import type { PrismaClient } from "../../prisma/client/client.ts";

export type Ticks = ReturnType<typeof ticks>;

export function ticks(prisma: PrismaClient) {
  return {
    /** True for one caller in so long a time. A time in the future is one that a leaping clock left. */
    async claim(name: string, everyMs: number): Promise<boolean> {
      const taken = await prisma.$executeRaw`
        INSERT INTO ticks AS t (name, at) VALUES (${name}, paperboy_now())
        ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at
        WHERE t.at <= EXCLUDED.at - ${everyMs}::int * interval '1 millisecond' OR t.at > EXCLUDED.at`;
      return taken > 0;
    },

    /** It was done. */
    note: (name: string): Promise<number> => prisma.$executeRaw`
      INSERT INTO ticks (name, at) VALUES (${name}, paperboy_now()) ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at`,

    /** When it was done last; null: never. */
    async last(name: string): Promise<Date | null> {
      const [row] = await prisma.$queryRaw<{ at: Date }[]>`SELECT at FROM ticks WHERE name = ${name}`;
      return row?.at ?? null;
    },
  };
}
