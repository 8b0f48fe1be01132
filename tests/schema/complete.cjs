// What an editor with taplo (Even Better TOML) proposes: reads a JSON list of {path, text} on the standard input, each
// text with one `|` where the cursor stands, and prints a JSON list of {labels, documentation, hover, problems}.
// Needs the npm package @taplo/lsp (NODE_PATH); tests/schema.rs calls it where it is there.
const fs = require("node:fs");
const path = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");
const { TaploLsp } = require("@taplo/lsp");

const environment = {
    now: () => new Date(),
    envVar: (name) => process.env[name],
    envVars: () => Object.entries(process.env),
    stdErrAtty: () => false,
    stdin: () => Promise.resolve(new Uint8Array()),
    stdout: (bytes) => Promise.resolve(bytes.length),
    stderr: (bytes) => Promise.resolve(bytes.length),
    glob: () => [],
    readFile: (file) => fs.promises.readFile(file),
    writeFile: (file, bytes) => fs.promises.writeFile(file, bytes),
    urlToFilePath: (url) => fileURLToPath(url),
    isAbsolute: (file) => path.isAbsolute(file),
    cwd: () => process.cwd(),
    findConfigFile: () => undefined,
};

async function main() {
    const waiting = new Map();
    const problems = new Map();
    const lsp = await TaploLsp.initialize(environment, {
        onMessage: (message) => {
            if (message.method === "textDocument/publishDiagnostics") {
                problems.set(message.params.uri, message.params.diagnostics.map((one) => one.message));
            } else if (message.method !== undefined && message.id !== undefined) {
                const settings = message.method === "workspace/configuration";
                lsp.send({ jsonrpc: "2.0", id: message.id, result: settings ? [null] : null });
            } else if (waiting.has(message.id)) {
                waiting.get(message.id)(message.result);
                waiting.delete(message.id);
            }
        },
    });
    let last = 0;
    const notify = (method, params) => lsp.send({ jsonrpc: "2.0", method, params });
    const ask = (method, params) => {
        last += 1;
        const id = last;
        const answer = new Promise((resolve) => waiting.set(id, resolve));
        lsp.send({ jsonrpc: "2.0", id, method, params });
        return answer;
    };
    const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

    const documents = JSON.parse(fs.readFileSync(0, "utf8"));
    const root = pathToFileURL(process.cwd()).href;
    await ask("initialize", {
        processId: null,
        rootUri: root,
        workspaceFolders: [{ uri: root, name: "jalon" }],
        capabilities: { textDocument: { completion: { completionItem: { documentationFormat: ["markdown"] } } } },
    });
    notify("initialized", {});
    const answers = [];
    for (const { path: file, text } of documents) {
        const at = text.indexOf("|");
        const before = text.slice(0, at);
        const position = { line: before.split("\n").length - 1, character: at - before.lastIndexOf("\n") - 1 };
        const textDocument = { uri: pathToFileURL(file).href };
        const whole = before + text.slice(at + 1);
        problems.delete(textDocument.uri);
        notify("textDocument/didOpen", {
            textDocument: { ...textDocument, languageId: "toml", version: 1, text: whole },
        });
        // The schema is read while the document is opened.
        for (let waited = 0; waited < 5000 && !problems.has(textDocument.uri); waited += 20) await pause(20);
        const found = await ask("textDocument/completion", { textDocument, position });
        const hover = await ask("textDocument/hover", { textDocument, position });
        const items = (Array.isArray(found) ? found : found?.items) ?? [];
        answers.push({
            labels: items.map((item) => item.label),
            inserts: items.map((item) => item.textEdit?.newText ?? item.insertText ?? item.label),
            documentation: items.map((item) => item.documentation?.value ?? item.documentation ?? ""),
            hover: hover?.contents?.value ?? "",
            problems: problems.get(textDocument.uri) ?? [],
        });
        notify("textDocument/didClose", { textDocument });
    }
    fs.writeSync(1, `${JSON.stringify(answers)}\n`);
    process.exit(0);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
