// Reads lines of JSON, {"text": an OCMF text, "key": hex of a public key's DER}, and answers each with a line:
// what road-labs' OCMF library finds, {"verified": true, "page": "T1"}, or {"verified": false, "why": …}.
import { createInterface } from 'node:readline';
import { Verifier } from '@road-labs/ocmf';
import { Crypto } from '@road-labs/ocmf-crypto-noble';

const crypto = new Crypto();
const verifier = new Verifier(crypto);

async function judge({ text, key }) {
  try {
    const publicKey = await crypto.decodeEcPublicKey(Buffer.from(key, 'hex'), 'spki-der');
    const { verified, value } = await verifier.parseAndVerify(text, publicKey);
    return verified ? { verified, page: value.payloadData.PG } : { verified, why: 'signature' };
  } catch (error) {
    return { verified: false, why: String(error.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await judge(JSON.parse(line))));
}
