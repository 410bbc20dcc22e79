//! Evidence of a campaign: what is in it, and that every change of it is found and named.

use muster_app::{Error, Kind, SigningKey, init_keys, list_keys};
use muster_review::{
    Checked, ItemAnswer, campaign_evidence, check_evidence, evidence_to_send, work_due,
};
use muster_store::{Campaign, hex};
use muster_testkit::run_python;
use serde_json::Value as Json;

use super::{apply, company, decide, items, open};
use crate::{server::Server, support::Rig};

/// A campaign in which everything was decided, done and seen; and its evidence.
async fn decided() -> (Rig, Vec<u8>) {
    let server = Server::openldap();
    let rig = company(&server).await;
    rig.write(
        "muster.yaml",
        &format!("{}audit: {{ key: journal.key }}\n", rig.read("muster.yaml")),
    );
    init_keys(&rig.ctx(), &rig.open().await).await.unwrap();
    open(&rig).await;
    let waiting = items(&rig, "1").await;
    for (item, answer) in waiting.iter().zip([
        ItemAnswer::Keep,
        ItemAnswer::Revoke,
        ItemAnswer::Revoke,
        ItemAnswer::Revoke,
    ]) {
        decide(&rig, "1", item.id, answer).await.unwrap();
    }
    apply(&rig).await;
    work_due(&rig.ctx(), &rig.open().await).await.unwrap();
    let (name, pack) = campaign_evidence(&rig.ctx(), &rig.open().await, "Pay Q4").await.unwrap();
    assert_eq!(name, "campaign-1-evidence.zip");
    (rig, pack)
}

async fn first_key(rig: &Rig) -> String {
    hex(&list_keys(&rig.open().await).await.unwrap()[0].public_key)
}

/// What Python makes of a pack: `change` is code over `files`, a list of names and contents, and `out`, an archive.
fn changed(pack: &[u8], change: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.zip"), folder.path().join("to.zip"));
    std::fs::write(&from, pack).unwrap();
    let script = format!(
        "import sys, zipfile\n\
         source = zipfile.ZipFile(sys.argv[1])\n\
         assert source.testzip() is None\n\
         files = [(one.filename, source.read(one)) for one in source.infolist()]\n\
         out = zipfile.ZipFile(sys.argv[2], 'w')\n\
         {change}\n\
         [out.writestr(zipfile.ZipInfo(name), content) for name, content in files]\n\
         out.close()\n"
    );
    run_python(&script, &[from.to_str().unwrap(), to.to_str().unwrap()]).unwrap();
    std::fs::read(to).unwrap()
}

fn file(pack: &[u8], name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from.zip");
    std::fs::write(&from, pack).unwrap();
    let script = "import sys, zipfile\nsys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
    run_python(script, &[from.to_str().unwrap(), name]).unwrap()
}

fn refused(pack: &[u8], key: Option<&str>) -> String {
    let error: Error = check_evidence(pack, key).unwrap_err();
    assert!(matches!(error.kind(), Kind::BrokenChain | Kind::Invalid), "{error}");
    error.to_string()
}

#[tokio::test]
async fn evidence_tells_what_was_seen_decided_done_and_shown() {
    let (rig, pack) = decided().await;
    let key = first_key(&rig).await;
    let checked = check_evidence(&pack, Some(&key)).unwrap();
    assert_eq!((checked.items, checked.campaign, &*checked.title), (4, 1, "Pay Q4"));
    assert!(checked.is_trusted && checked.first_key == key && checked.entries >= 5, "{checked:?}");
    let lines = file(&pack, "items.jsonl");
    let lines: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    let auditor = lines.iter().find(|line| line["thing"] == "auditor").unwrap();
    assert_eq!((&auditor["live"], &auditor["verdict"]), (&"gone".into(), &"revoke".into()));
    assert_eq!((&auditor["rule"], &auditor["outcome"]), (&"manager".into(), &"gone".into()));
    let shown = auditor["outcome_note"].as_str().unwrap();
    assert!(shown.starts_with("shown by read ") && shown.ends_with(" of `directory`"), "{shown}");
    assert!(auditor["conflicts"][0].as_str().unwrap().contains("the rule of role `auditor` at"));
    assert_eq!(auditor["answers"][0]["note"], "not needed any more");
    let campaign: Json = serde_json::from_str(&file(&pack, "campaign.json")).unwrap();
    assert_eq!(campaign["model_revision"]["number"], 2);
    assert_eq!(campaign["terms"]["silence"], "revoke");
    let journal = file(&pack, "journal.jsonl");
    assert!(journal.contains("campaign.open") && journal.contains("review.revoke"));
    // What others did meanwhile is in the chain and says nothing.
    assert!(journal.contains("\"subject\":\"erased\"") && !journal.contains("person 4"));
    assert!(file(&pack, "report.html").contains("<td>auditor</td>"));
    assert_eq!(file(&pack, "items.csv").lines().count(), 5);
    assert!(file(&pack, "README.txt").contains("muster reviews verify"));
}

#[tokio::test]
async fn every_byte_of_evidence_counts() {
    let (rig, pack) = decided().await;
    let key = first_key(&rig).await;
    let find = |what: &[u8]| pack.windows(what.len()).position(|of| of == what).unwrap();
    let flipped = |at: usize| {
        let mut other = pack.clone();
        other[at] ^= 0x01;
        refused(&other, Some(&key))
    };
    // Each byte of what is short, and a sample of the rest.
    let end = pack.len();
    let tail = find(b"signature.json") - 60;
    let sample = (0..find(b"report.html") + 40).chain((0..end).step_by(997)).chain(tail..end);
    for at in sample {
        flipped(at);
    }
    let place = find(b"\"thing\":\"auditor\"");
    let line = file(&pack, "items.jsonl").lines().position(|line| line.contains("\"auditor\""));
    let line = line.unwrap() + 1;
    assert_eq!(
        flipped(place + 10),
        format!("line {line} of `items.jsonl` (item {line}) is not as it was signed")
    );
    assert_eq!(flipped(4), "byte 4 of the archive, between its files, is not as Muster writes it");
    assert!(flipped(end - 3).contains(&format!("byte {} of the archive", end - 3)));
    let listed = find(b"{\"format\":\"muster review evidence 1\"");
    assert_eq!(flipped(listed + 60), "byte 60 of `manifest.json` is not as it was signed");
    let last = pack.windows(13).rposition(|of| of == b"\"signature\":\"");
    let by = last.unwrap() + 20;
    let mut other = pack.clone();
    // Another digit of those in which it is written.
    other[by] = if pack[by] == b'0' { b'1' } else { b'0' };
    assert_eq!(refused(&other, Some(&key)), "the signature in `signature.json` is wrong");
    other[by] = b'x';
    assert!(refused(&other, Some(&key)).contains("not in the form that Muster writes"));
    for cut in [0, 1, 100, end / 2, end - 1] {
        refused(&pack[..cut], Some(&key));
    }
    refused(&[&pack[..], b"x"].concat(), Some(&key));
    refused(&[b"x", &pack[..]].concat(), Some(&key));
}

#[tokio::test]
async fn nothing_is_dropped_reordered_added_or_signed_anew_unnoticed() {
    let (rig, pack) = decided().await;
    let key = first_key(&rig).await;
    let edit = |code: &str| {
        let change = format!(
            "def edit(name, content):\n\
             \x20   lines = content.splitlines(keepends=True)\n\
             \x20   if name == 'items.jsonl':\n\
             \x20       {code}\n\
             \x20   return name, b''.join(lines)\n\
             files = [edit(*one) for one in files]"
        );
        refused(&changed(&pack, &change), None)
    };
    assert_eq!(
        edit("del lines[1]"),
        "1 lines are missing from `items.jsonl`, the first one at line 2"
    );
    assert_eq!(
        edit("lines.append(lines[0])"),
        "`items.jsonl` has 1 lines too many, the first one at line 5"
    );
    assert!(edit("lines.reverse()").contains("line 1 of `items.jsonl`"));
    assert!(edit("lines.reverse()").ends_with("stands at another place than signed"));
    let whole = |code: &str| refused(&changed(&pack, code), None);
    assert_eq!(
        whole("files.append(('more.txt', b'x'))"),
        "`more.txt` does not belong into evidence"
    );
    assert_eq!(
        whole("files = [one for one in files if one[0] != 'journal.jsonl']"),
        "`journal.jsonl` is missing"
    );
    whole("files.append(files[0])");
    whole("files.append(('x' * 60000, b''))");
    whole("files.append(('../../etc/passwd', b''))");
    // Something that would grow is not grown.
    let bomb =
        whole("out.writestr('items.jsonl', b'0' * 50000000, zipfile.ZIP_DEFLATED); files = []");
    assert!(bomb.contains("is missing") || bomb.contains("no evidence"), "{bomb}");
    // The same files in another form of archive.
    assert!(whole("pass").contains("of the archive, between its files"));

    // Somebody signs it anew.
    let other = rig.dir.path().join("other");
    std::fs::write(&other, format!("muster-journal-key-1 {}\n", "5a".repeat(32))).unwrap();
    let signer = SigningKey::read(&other).unwrap();
    let text = format!("muster review evidence 1\n{}", file(&pack, "manifest.json"));
    let (public, signature) = (hex(signer.public_key()), hex(&signer.sign(text.as_bytes())));
    let own = format!(
        "old = files[-1][1].decode()\n\
         import json\n\
         old = json.loads(old)\n\
         new = old['algorithm']\n\
         files[-1] = ('signature.json', ('{{\"algorithm\":\"' + new + '\",\"key\":1,\"public_key\":\"{public}\",\"signature\":\"{signature}\"}}\\n').encode())"
    );
    let anew = whole(&own);
    assert!(anew.starts_with(&format!("it was signed anew with key {public}")), "{anew}");
    // With all keys of its own it looks whole, and the key that is known from elsewhere tells.
    let (_, others) = decided().await;
    let Checked { first_key, is_trusted, .. } = check_evidence(&others, None).unwrap();
    assert!(!is_trusted && first_key != key);
    assert!(refused(&others, Some(&key)).contains("key 1 is not the one that was trusted"));
}

#[tokio::test]
async fn a_server_makes_no_evidence_of_more_than_it_can_hold() {
    let (rig, _) = decided().await;
    let opened = rig.open().await;
    let mut tx = opened.store.begin().await.unwrap();
    let small = tx.campaign(1).await.unwrap().unwrap();
    let large = Campaign { id: 2, title: "everybody".into(), n_items: 50_001, ..small };
    tx.insert_campaign(&large, &[]).await.unwrap();
    tx.commit().await.unwrap();
    evidence_to_send(&rig.ctx(), &opened, "1").await.unwrap();
    let refused = evidence_to_send(&rig.ctx(), &opened, "2").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "campaign 2 has 50001 items, and a server makes evidence of 50000"
    );
    assert!(refused.hints()[0].ends_with("muster reviews evidence 2 --to evidence.zip"));
}
