namespace Gateway.Demo;

/// <summary>The configuration of the demo, as a user would write it.</summary>
internal static class DemoConfiguration
{
    public const int HttpPort = 8080;
    public const int TcpPort = 8081;
    public const int ControlPort = 8082;

    /// <summary>Weights 3, 2, 1, ... in the order of the destinations, under wrr, over HTTP and over TCP.</summary>
    public static string Json(IReadOnlyList<SampleDestination> destinations) =>
        $$"""
        {
          "ReverseProxy": {
            "Routes": { "demo": { "ClusterId": "web", "Match": { "Path": "{**catch-all}" } } },
            "Clusters": {
              "web": {{Cluster(destinations, d => $"http://127.0.0.1:{d.HttpPort}")}},
              "echo": {{Cluster(destinations, d => $"tcp://127.0.0.1:{d.TcpPort}")}}
            }
          },
          "VirtualServers": {
            "echo": { "Listen": [ "127.0.0.1:{{TcpPort}}" ], "Protocol": "tcp", "ClusterId": "echo" }
          },
          "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{HttpPort}}" } } },
          "Telemetry": { "Listen": "127.0.0.1:9464" },
          "Logging": { "LogLevel": { "Default": "Warning", "Gateway": "Information" } }
        }
        """;

    private static string Cluster(IReadOnlyList<SampleDestination> destinations, Func<SampleDestination, string> address) =>
        $$"""
        {
                "LoadBalancingPolicy": "wrr",
                "Probe": { "Kind": "tcp", "Interval": "00:00:01", "Timeout": "00:00:01", "Rise": 1, "Fall": 1 },
                "Destinations": {
                  {{string.Join(", ", destinations.Select((d, i) => Destination(d.Name, address(d), destinations.Count - i)))}}
                }
              }
        """;

    private static string Destination(string name, string address, int weight) =>
        $$""" "{{name}}": { "Address": "{{address}}", "Weight": {{weight}} } """;
}
