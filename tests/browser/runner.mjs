// A test runner as small as the job: named cases in order, each within its time, and one closing line.

export class Runner {
  constructor(filter) {
    this.filter = filter;
    this.counts = { passed: 0, failed: 0, skipped: 0 };
    this.failures = [];
  }

  async test(name, run, { timeout = 90000 } = {}) {
    if (this.filter && !name.includes(this.filter)) return;
    const started = Date.now();
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not done within ${timeout} ms`)), timeout); });
    try {
      await Promise.race([run(), late]);
      this.counts.passed += 1;
      console.log(`ok    ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      this.counts.failed += 1;
      this.failures.push(name);
      console.log(`FAIL  ${name}: ${error.message}`);
    } finally {
      clearTimeout(timer);
    }
  }

  skip(name, why) {
    this.counts.skipped += 1;
    console.log(`skip  ${name}: ${why}`);
  }

  close() {
    for (const name of this.failures) console.log(`failed: ${name}`);
    const { passed, failed, skipped } = this.counts;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    return failed === 0 && passed > 0 ? 0 : 1;
  }
}

export function same(what, have, want) {
  for (const [key, value] of Object.entries(want)) {
    if (JSON.stringify(have[key]) !== JSON.stringify(value)) {
      throw new Error(`${what}: ${key} is ${JSON.stringify(have[key])}, not ${JSON.stringify(value)}`);
    }
  }
}

export function check(what, isSo) {
  if (!isSo) throw new Error(what);
}
