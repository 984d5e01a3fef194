//! Where the SDK's verifier refuses what `@clerk/backend` accepts, each with its reason. Nothing else may differ so, what is
//! named here must, and the other way round there is no difference at all.

/// A reason, and the cases that it is the reason of.
pub(crate) type Difference = (&'static str, &'static [&'static str]);

/// What Clerk's package accepts and the SDK does not.
pub(crate) const STRICTER: &[Difference] = &[
    ("Only RS256: a key is for one algorithm (RFC 8725 §3.1).", &["algorithm: RS384, key without alg"]),
    (
        "Tokens of JWT templates are for other services than this app: they have a class of their own, no `sid`, and often an `aud`.",
        &["valid: JWT template"],
    ),
    (
        "A key with a member of a private key is not used, whichever it is (RFC 7518 §6.3.2): its owner has lost it.",
        &["key set: private-prime"],
    ),
    ("A key that says it is for another algorithm is not used (RFC 7517 §4.4).", &["key set: for-ps256"]),
    (
        "Of two keys with one id nobody can say which is meant; Clerk's package takes the last.",
        &[
            "key set: same-id-main-last",
            "key set: same-key-twice",
            "key set: same-id-main-first, the other key",
        ],
    ),
    ("A number of a key has no leading zeros (RFC 7518 §2).", &["key set: leading-zero"]),
    (
        "`kid` is a text of 1 to 255 bytes (RFC 7515 §4.1.4); an array is not its only element.",
        &[r#"kid: the JSON ["ins_main"]"#, "kid: 300 letters, by PEM"],
    ),
    (
        "Base64url has one form, without padding (RFC 7515 §2): two texts are not one token.",
        &[
            "form: padding of the header, signed",
            "form: padding of the payload, signed",
            "form: padding of the signature",
            "form: padding of the signature, one of two",
        ],
    ),
    (
        "JSON is UTF-8 without a byte order mark and with whole letters (RFC 8725 §3.7, RFC 8259 §8.1); Clerk's package mends what is not.",
        &[
            "payload: a byte order mark",
            "payload: bytes that are not UTF-8",
            "payload: a lone surrogate",
            "header: a byte order mark",
        ],
    ),
    (
        "A token has at most 16384 bytes, a header 1024, and 64 levels: what does not end is not read.",
        &["form: 27 KB", "form: 200 deep", "form: 3000 deep, by PEM", "header: 1 KB more"],
    ),
    (
        "`typ` is always there in a session token, and tells it from others (RFC 8725 §3.11).",
        &["typ: absent"],
    ),
    (
        "`cat` is a session's class or absent. Clerk's `authenticateRequest` refuses other classes too; `verifyToken` only that of machines.",
        &["cat: `cl_B7d4PD222AAA`", "cat: `anything`", "cat: ``", "cat: the JSON null", "cat: the JSON 1"],
    ),
    (
        "`cty` is for nested tokens (RFC 7519 §5.2), and a session token is none.",
        &[r#"header: "cty":"JWT""#, r#"header: "cty":"application/json""#],
    ),
    (
        "`crit` asks for extensions that are not known here, so the token is refused (RFC 7515 §4.1.11).",
        &[
            r#"header: "crit":["exp"]"#,
            r#"header: "crit":["b64"],"b64":false"#,
            r#"header: "crit":[]"#,
            r#"header: "crit":null"#,
        ],
    ),
    (
        "A number out of the range of a double is not one value for all readers (RFC 8259 §6).",
        &[r#"header: "own":1e999"#, r#"claims: also "own":1e999"#],
    ),
    (
        "No member is there twice: readers differ in which they believe (RFC 7519 §4, RFC 7515 §4).",
        &[
            r#"header: "alg":"RS256""#,
            r#"header: "\u0061lg":"RS256""#,
            r#"header: "own":{"a":1,"a":2}"#,
            "header: alg twice, the last one right",
            r#"claims: also "sub":"user_carol""#,
            r#"claims: also "\u0073ub":"user_carol""#,
            r#"claims: also "exp":1800000060"#,
            r#"claims: also "v":2"#,
            r#"claims: also "own":{"a":1,"a":2}"#,
            r#"claims: also "act":{"sub":"a"},"act":{"sub":"b"}"#,
            r#"claims: also "act":{"sub":"a","sub":"b"}"#,
            r#"claims: also "act":{"sub":"a","x":{"y":1,"y":2}}"#,
        ],
    ),
    (
        "`sub`, `sid` and `iss` are there, and not empty: they say whose token it is, of which session, from whom.",
        &[
            "claims: no sid",
            "claims: no iss",
            r#"claims: sub is """#,
            r#"claims: sid is """#,
            r#"claims: iss is """#,
        ],
    ),
    (
        "`act` is an object with a `sub` (RFC 8693 §4.1). An actor without a name must not pass for no actor.",
        &[
            r#"claims: also "act":null"#,
            r#"claims: also "act":[]"#,
            r#"claims: also "act":{}"#,
            r#"claims: also "act":"user_alice""#,
            r#"claims: also "act":{"sub":1}"#,
            r#"claims: also "act":{"sub":""}"#,
            r#"claims: also "act":{"iss":"https://support.example.com"}"#,
        ],
    ),
    (
        "Times are whole seconds up to the year 9999. Above what a date can hold, Clerk's package compares with no date, and takes the token for one that never ends.",
        &[
            "claims: exp is 1800000001.5",
            "claims: exp is 1800000001.0",
            "claims: exp is 1.800000001e9",
            "claims: exp is 253402300800",
            "claims: exp is 9007199254740993",
            "claims: exp is 18446744073709551616",
            "claims: exp is 1e308",
            "claims: exp is 1e999",
            "claims: nbf is 1800000001.5",
            "claims: nbf is 1800000001.0",
            "claims: nbf is 1.800000001e9",
            "claims: nbf is -1",
            "claims: nbf is 9007199254740993",
            "claims: nbf is 18446744073709551616",
            "claims: nbf is 1e308",
            "claims: nbf is 1e999",
            "claims: iat is 1800000001.5",
            "claims: iat is 1800000001.0",
            "claims: iat is 1.800000001e9",
            "claims: iat is -1",
            "claims: iat is 9007199254740993",
            "claims: iat is 18446744073709551616",
            "claims: iat is 1e308",
            "claims: iat is 1e999",
        ],
    ),
    (
        "A session whose `sts` is there and not `active` is not signed in. Clerk's `authenticateRequest` takes pending ones for signed out; `verifyToken` does not look.",
        &[r#"claims: sts is """#, "sts: pending", "sts: ended"],
    ),
    (
        "Claims are of their types (RFC 7519 §4.1).",
        &[
            "claims: sid is 1",
            "claims: sid is null",
            r#"claims: sid is ["x"]"#,
            "claims: iss is 1",
            "claims: iss is null",
            r#"claims: iss is ["x"]"#,
            "claims: azp is 1",
            "claims: azp is null",
            r#"claims: azp is ["x"]"#,
            "claims: sts is 1",
            "claims: sts is null",
            r#"claims: sts is ["x"]"#,
            "aud: null, expected",
            "aud: null, nothing asked",
            "aud: 1, expected",
            "aud: 1, nothing asked",
            r#"aud: ["app",1], expected"#,
            r#"aud: ["app",1], nothing asked"#,
        ],
    ),
    (
        "Who expects an audience refuses a token without; Clerk's package then does not look.",
        &["aud: [], expected", r#"aud: "", expected"#, "aud: absent, and expected"],
    ),
    (
        "A token for an audience is not for who names none (RFC 7519 §4.1.3).",
        &[
            r#"aud: "app", nothing asked"#,
            r#"aud: "api", nothing asked"#,
            r#"aud: ["x","app"], nothing asked"#,
            r#"aud: "x", nothing asked"#,
            r#"aud: ["x"], nothing asked"#,
            "aud: [], nothing asked",
            r#"aud: "", nothing asked"#,
            r#"aud: "App", nothing asked"#,
        ],
    ),
];
