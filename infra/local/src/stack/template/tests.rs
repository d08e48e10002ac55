use super::*;

/// A small template that runs; tests break it.
const SMALL: &str = r"
Parameters:
  Concurrency: { Type: Number, Default: 4 }
  NoDefault: { Type: String }
Globals:
  Function:
    Timeout: 20
    Environment: { Variables: { RUST_LOG: info, SHARED: globals } }
Resources:
  Page:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: backfill-page } }
    Properties:
      Environment:
        Variables:
          PAGE_QUEUE_URL: !Ref Pages
          KEY: !GetAtt Key.Arn
          NAME: !Sub ${AWS::StackName}-${Pages.QueueName}-x
          SHARED: own
          LONG: { Ref: Pages }
          LONGER: { Fn::GetAtt: [Key, Arn] }
      Events:
        Pages:
          Type: SQS
          Properties:
            Queue: !GetAtt Pages.Arn
            BatchSize: 1
            ScalingConfig: { MaximumConcurrency: !Ref Concurrency }
            FunctionResponseTypes: [ReportBatchItemFailures]
        Tick:
          Type: Schedule
          Properties: { Schedule: rate(1 hour) }
        Route:
          Type: HttpApi
          Properties: { Method: post, Path: /hooks }
        People:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: GET, Path: '/things/{id}' }
        Programs:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: ANY, Path: '/machine/{proxy+}', Auth: { Authorizer: Programs } }
        Anybody:
          Type: HttpApi
          Properties: { ApiId: !Ref Api, Method: GET, Path: /health, Auth: { Authorizer: NONE } }
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: People
        Authorizers:
          People: { JwtConfiguration: { issuer: !Ref NoDefault, audience: [people] } }
          Programs: { FunctionArn: !GetAtt Page.Arn }
  Pages:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 120
      DelaySeconds: 5
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
  Dead: { Type: AWS::SQS::Queue }
  Key: { Type: AWS::KMS::Key }
";

#[test]
fn the_small_template_is_read_with_its_references() {
    let template = Template::parse(SMALL).unwrap();
    let function = &template.functions["Page"];
    assert_eq!((function.binary.as_str(), function.timeout), ("backfill-page", Duration::from_secs(20)));
    let settings: Vec<_> = function.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        settings,
        [
            ("KEY", "Key"),
            ("LONG", "Pages"),
            ("LONGER", "Key"),
            ("NAME", "local-Pages-x"),
            ("PAGE_QUEUE_URL", "Pages"),
            ("RUST_LOG", "info"),
            ("SHARED", "own"),
        ]
    );
    let expected = Mapping { queue: "Pages".into(), function: "Page".into(), batch_size: 1, concurrency: 4 };
    assert_eq!(template.mappings, [expected]);
    assert_eq!(template.schedules, [Schedule { function: "Page".into(), every: Duration::from_secs(3_600) }]);
    let route = |method: &str, path: &str, guard| Route {
        method: method.to_owned(),
        path: path.to_owned(),
        function: "Page".to_owned(),
        guard,
    };
    assert_eq!(
        template.routes,
        [
            route("POST", "/hooks", Guard::Open),
            route("GET", "/things/{id}", Guard::Token { audience: "people".into() }),
            route("ANY", "/machine/{proxy+}", Guard::Function("Page".into())),
            route("GET", "/health", Guard::Open),
        ]
    );
    let pages = QueueSpec {
        visibility: Duration::from_secs(120),
        delay: Duration::from_secs(5),
        dead_letters: Some(DeadLetters { queue: "Dead".into(), max_receives: 3 }),
    };
    assert_eq!(template.queues["Pages"], pages);
    let dead = QueueSpec { visibility: Duration::from_secs(30), delay: Duration::ZERO, dead_letters: None };
    assert_eq!(template.queues["Dead"], dead);
}

#[test]
fn what_cannot_run_here_is_named_with_its_resource_and_property() {
    let cases = [
        ("Timeout: 20", "Timeout: soon", "resource Page: Globals.Function.Timeout must be a whole number"),
        ("Binary: backfill-page", "Other: x", "resource Page: Metadata.BuildProperties.Binary is missing"),
        ("!Ref Pages\n", "!Ref Elsewhere\n", "resource Page: Properties.Environment.Variables.PAGE_QUEUE_URL must be"),
        ("!Ref Pages\n", "!Ref NoDefault\n", "resource Page: Properties.Environment.Variables.PAGE_QUEUE_URL must be"),
        ("!Ref Pages\n", "!ImportValue x\n", "resource Page: Properties.Environment.Variables.PAGE_QUEUE_URL must be"),
        ("Queue: !GetAtt Pages.Arn", "Queue: !GetAtt Key.Arn", "resource Page: it is fed by Key, which is not a queue"),
        (
            "BatchSize: 1",
            "BatchSize: 0",
            "resource Page: Properties.Events.Pages.Properties.BatchSize must be 1 or more",
        ),
        ("[ReportBatchItemFailures]", "[]", "FunctionResponseTypes must hold ReportBatchItemFailures"),
        ("            FunctionResponseTypes: [ReportBatchItemFailures]\n", "", "FunctionResponseTypes is missing"),
        ("rate(1 hour)", "cron(0 * * * ? *)", "resource Page: Properties.Events.Tick.Properties.Schedule must be rate"),
        ("rate(1 hour)", "rate(0 hours)", "resource Page: Properties.Events.Tick.Properties.Schedule must be rate"),
        ("Type: Schedule", "Type: S3", "resource Page: Properties.Events.Tick.Type must be"),
        ("/hooks", "hooks", "resource Page: Properties.Events.Route.Properties.Path must start with /"),
        ("Authorizer: Programs", "Authorizer: Nobody", "Auth.Authorizer must be an authorizer of the API, or NONE"),
        ("FunctionArn: !GetAtt Page.Arn", "FunctionArn: !GetAtt Key.Arn", "resource Page: its authorizer Key is not a"),
        ("[people]", "[]", "must have an audience"),
        ("Method: post, ", "", "resource Page: Properties.Events.Route.Properties.Method is missing"),
        ("VisibilityTimeout: 120", "VisibilityTimeout: 19", "resource Pages: VisibilityTimeout is shorter"),
        (
            "maxReceiveCount: 3",
            "maxReceiveCount: 0",
            "resource Pages: Properties.RedrivePolicy.maxReceiveCount must be",
        ),
        ("Dead.Arn", "Key.Arn", "resource Pages: its dead-letter queue Key is not a queue"),
        ("Dead.Arn", "Gone.Arn", "resource Pages: Properties.RedrivePolicy.deadLetterTargetArn must be"),
        ("Dead: { Type: AWS::SQS::Queue }", "Dead: { Kind: x }", "resource Dead: Type is missing"),
        ("Resources:", "Recources:", "no Resources"),
        ("Resources:", "Resources: [", "not YAML"),
    ];
    for (good, bad, says) in cases {
        assert!(SMALL.contains(good), "{good}");
        let error = Template::parse(&SMALL.replacen(good, bad, 1)).unwrap_err().to_string();
        assert!(error.contains(says), "{bad}: {error}");
    }
}

#[test]
fn one_path_has_one_function() {
    let twice = SMALL.replacen(
        "        Route:",
        "        Other: { Type: HttpApi, Properties: { Method: POST, Path: /hooks } }\n        Route:",
        1,
    );
    let error = Template::parse(&twice).unwrap_err().to_string();
    assert_eq!(error, "resource Page: POST /hooks has two functions");
}

/// Every function of the shipped template is reached by something, and every reference of it is understood.
#[test]
fn the_shipped_template_can_be_run_here() {
    let template = Template::embedded().unwrap();
    assert!(!template.tables.is_empty() && !template.routes.is_empty());
    let routed = template.routes.iter().map(|route| &route.function);
    let fed = template.mappings.iter().map(|mapping| &mapping.function);
    let timed = template.schedules.iter().map(|schedule| &schedule.function);
    let asked = template.routes.iter().filter_map(|route| match &route.guard {
        Guard::Function(function) => Some(function),
        Guard::Open | Guard::Token { .. } => None,
    });
    let reached: std::collections::BTreeSet<_> = routed.chain(fed).chain(timed).chain(asked).collect();
    assert_eq!(reached, template.functions.keys().collect());
    for (name, function) in &template.functions {
        for (setting, value) in &function.settings {
            let known = template.queues.contains_key(value) || template.tables.contains_key(value);
            assert!(known || !setting.ends_with("_TABLE") && !setting.ends_with("_QUEUE_URL"), "{name}: {setting}");
        }
    }
    for mapping in &template.mappings {
        assert!(template.queues[&mapping.queue].dead_letters.is_some(), "{} has no dead-letter queue", mapping.queue);
    }
}
