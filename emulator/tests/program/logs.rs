//! The log of requests.

use crate::running::Running;
use serde_json::Value;

#[tokio::test]
async fn requests_are_logged_as_asked_and_without_tokens() {
    for format in ["text", "json"] {
        let running = Running::start(&["--log", format]);
        let client = running.client();
        client.create_domain().domain("acme").send().await.unwrap();
        let minted = client.get_authorization_token().domain("acme").send().await.unwrap();
        client.describe_repository().domain("acme").repository("team").send().await.unwrap_err();
        let lines = [running.line(), running.line(), running.line()];
        assert!(!lines.concat().contains(&minted.authorization_token().unwrap()[..40]));
        if format == "text" {
            assert!(
                lines[0].contains(" CreateDomain ") && lines[0].contains(" user/admin acme 200 "),
                "{}",
                lines[0]
            );
            let refused = " user/admin acme/team 404 ResourceNotFoundException ";
            assert!(lines[2].contains(refused) && lines[2].ends_with(" ms"), "{}", lines[2]);
        } else {
            let line: Value = serde_json::from_str(&lines[1]).unwrap();
            assert_eq!((&line["operation"], &line["status"]), (&"GetAuthorizationToken".into(), &200.into()));
            assert_eq!(line["seq"], 2);
            assert!(line["timestamp"].is_string() && line["at"].is_string(), "{line}");
            running.signal("-TERM");
            let line: Value = serde_json::from_str(&running.line()).unwrap();
            assert_eq!(line["message"], "stopping");
        }
    }
}
