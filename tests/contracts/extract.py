#!/usr/bin/env python3
"""Extracts the facts of an OpenAPI 2.0 file that a structural check needs: names, types, nesting and
enumerations; no descriptions.

    extract.py partner_center_referrals.swagger.json > partner_center_referrals.schema.json

The output has one entry per body: "referral", "list", "patch", "register", "update_registration".
Properties that the service documents elsewhere than in the file are added with "documented": true.
"""
import json
import sys

NAMESPACE = "Microsoft.Partner.Service.PartnerReferrals.Contracts.V3."
BODIES = {
    "patch": "UpdateReferralDetails",
    "register": "DealRegistration",
    "update_registration": "UpdateDealRegistration",
}
# From the pages on the resource, on optional list values and on paging.
DOCUMENTED = {
    "": {"createdVia": "string", "dealSensitivity": "string", "offerId": "string"},
    "customerProfile": {"isMatchingComplete": "boolean"},
    "consent": {"consentToMicrosoftToContactSpecificPartners": "boolean"},
    "details": {"incentiveLevel": "string"},
    "trackingInfo": {
        "microsoftUSFedOpportunityId": "string",
        "microsoftUSFedLeadId": "string",
        "migratedPSCDealId": "string",
        "migratedPSCPartnerDealId": "string",
    },
}


def facts(schema):
    """The schema without everything that is prose."""
    out = {}
    for key in ("type", "enum"):
        if key in schema:
            out[key] = schema[key]
    if "properties" in schema:
        out["properties"] = {k: facts(v) for k, v in sorted(schema["properties"].items())}
    if "items" in schema:
        out["items"] = facts(schema["items"])
    return out


def add_documented(referral):
    for path, names in DOCUMENTED.items():
        target = referral["properties"][path] if path else referral
        for name, kind in names.items():
            target["properties"].setdefault(name, {"type": kind, "documented": True})


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        contract = json.load(file)
    definitions = contract["definitions"]
    referral = facts(definitions[NAMESPACE + "Referral"])
    add_documented(referral)
    page = facts(contract["paths"]["/referrals"]["get"]["responses"]["200"]["schema"])
    page["properties"]["value"]["items"] = {"body": "referral"}
    page["properties"]["@odata.nextLink"] = {"type": "string", "documented": True}
    out = {"referral": referral, "list": page}
    for name, definition in BODIES.items():
        out[name] = facts(definitions[NAMESPACE + definition])
    json.dump(out, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
