// Drives the AWS SDK for JavaScript v3 for the outer tests: one JSON request a line on standard input, one JSON answer a
// line on standard output. A request is {"service", "operation", "input"}; an answer {"output"} or {"code", "typed",
// "message"}, where typed says that the SDK threw its own class of that name. The environment alone decides where it goes.
"use strict";

const readline = require("node:readline");
const sdks = {
  events: require("@aws-sdk/client-eventbridge"),
  "marketplace-agreement": require("@aws-sdk/client-marketplace-agreement"),
  "marketplace-entitlement": require("@aws-sdk/client-marketplace-entitlement-service"),
  meteringmarketplace: require("@aws-sdk/client-marketplace-metering"),
  sns: require("@aws-sdk/client-sns"),
  sqs: require("@aws-sdk/client-sqs"),
};
const Client = {
  events: "EventBridgeClient",
  "marketplace-agreement": "MarketplaceAgreementClient",
  "marketplace-entitlement": "MarketplaceEntitlementServiceClient",
  meteringmarketplace: "MarketplaceMeteringClient",
  sns: "SNSClient",
  sqs: "SQSClient",
};
const clients = {};

// The SDK takes instants as Dates.
const revive = (key, value) => (key === "Timestamp" ? new Date(value) : value);

async function answer({ service, operation, input }) {
  const sdk = sdks[service];
  if (!sdk?.[operation + "Command"]) return { code: "NoSuchCall", message: service + " " + operation };
  clients[service] ??= new sdk[Client[service]]();
  try {
    const { $metadata, ...output } = await clients[service].send(new sdk[operation + "Command"](input));
    return { output };
  } catch (err) {
    const known = sdk[err.name];
    return { code: err.name, typed: typeof known === "function" && err instanceof known, message: err.message };
  }
}

(async () => {
  const { version } = require("@aws-sdk/client-marketplace-metering/package.json");
  console.log(JSON.stringify({ version: "JavaScript SDK " + version }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line, revive))));
  }
})();
