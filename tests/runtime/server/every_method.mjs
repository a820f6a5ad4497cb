// Calls every method of the `ollama` npm package once, in the folder where that is installed:
// node every_method.mjs URL PULLED. Prints what they answered as one JSON object.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, pulled] = process.argv.slice(2);
const entry = createRequire(`${process.cwd()}/`).resolve("ollama");
const { Ollama } = await import(pathToFileURL(entry));
const ollama = new Ollama({ host: url });
const messages = [{ role: "user", content: "Hello" }];
const options = { temperature: 0, num_predict: 8 };
const told = {};

async function all(parts) {
  const found = [];
  for await (const part of await parts) found.push(part);
  return found;
}

async function failure(call) {
  try {
    await call;
    return null;
  } catch (error) {
    return { name: error.name, message: error.message, status: error.status_code };
  }
}

told.chat = await ollama.chat({ model: "demo", messages, options, think: false });
told.chatParts = await all(
  ollama.chat({ model: "demo", messages, options, think: false, stream: true }),
);
told.generate = await ollama.generate({ model: "demo", prompt: "Hi", options });
told.generateParts = await all(
  ollama.generate({ model: "demo", prompt: "Hi", options, stream: true }),
);
told.embed = await ollama.embed({ model: "minilm", input: ["a", "b"] });
told.embeddings = await ollama.embeddings({ model: "minilm", prompt: "a" });
told.create = await ollama.create({ model: "js", from: "demo", system: "Be brief." });
told.createParts = await all(ollama.create({ model: "js", from: "demo", stream: true }));
told.show = await ollama.show({ model: "js" });
told.copy = await ollama.copy({ source: "js", destination: "js-too" });
told.list = await ollama.list();
told.ps = await ollama.ps();
told.delete = [await ollama.delete({ model: "js" }), await ollama.delete({ model: "js-too" })];
told.pullParts = await all(ollama.pull({ model: pulled, insecure: true, stream: true }));
told.pull = await ollama.pull({ model: pulled, insecure: true });
told.push = await failure(ollama.push({ model: "nowhere/at-all" }));
told.version = await ollama.version();
told.image = await ollama.encodeImage(new Uint8Array([1, 2, 3]));
told.missing = await failure(ollama.chat({ model: "missing", messages }));
told.unknownRoute = await failure(ollama.systemone({ model: "demo" }));

const endless = { model: "demo", prompt: "x", raw: true, options: { num_predict: 100000 } };
const left = await ollama.generate({ ...endless, stream: true });
told.aborted = await failure(
  (async () => {
    for await (const _ of left) ollama.abort();
  })(),
);
console.log(JSON.stringify(told));
