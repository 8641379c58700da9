// Commands from stdin to whoever does them, results to stdout: README.md beside this file.

import { createInterface } from 'node:readline';

export async function serveLines(act) {
  const tell = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const { cmd, ...words } = JSON.parse(line);
    if (cmd === 'quit') break;
    try {
      tell(await act(cmd, words) ?? {});
    } catch (error) {
      tell({ error: `${cmd}: ${error?.message ?? error}` });
    }
  }
}
