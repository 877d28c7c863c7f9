using System.Net;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Tests.Support;

namespace Gateway.Tests.Configuration;

/// <summary>Every key of Gateway's own reaches its option.</summary>
public class OptionsReadingTests
{
    [Fact]
    public void Destination_EveryKey() => Assert.Equal(
        new DestinationOptions
        {
            Id = "a",
            Address = new Uri("https://[2001:db8::2]:8443/base/"),
            Weight = 0,
            MaxConnections = 7,
            UpperThreshold = 20,
            LowerThreshold = 10,
            Backup = true,
            Host = "www.example.com",
            ProbeAddress = new Uri("http://10.0.0.1:81"),
        },
        Cluster("Destinations:a", """
            { "Address": "https://[2001:db8::2]:8443/base/", "Weight": 0, "MaxConnections": 7, "UpperThreshold": 20,
              "LowerThreshold": 10, "Backup": "true", "Host": "www.example.com", "Health": "http://10.0.0.1:81" }
            """).Destinations.Single());

    [Fact]
    public void Scheduler_EveryKey() => Assert.Equal(
        new SchedulerOptions
        {
            Name = "PowerOfTwoChoices",
            Key = "host+path",
            UsePort = true,
            Mask4 = 24,
            Mask6 = 64,
            Fallback = false,
            TableBits = 10,
            Order = DestinationOrder.NewestFirst,
            BoundedLoad = 1.25,
            Expiration = TimeSpan.FromMinutes(5),
            MaxKeys = 3,
        },
        Cluster("Scheduler", """
            { "Key": "host+path", "UsePort": true, "Mask4": 24, "Mask6": 64, "Fallback": false, "TableBits": 10, "Order": "newestfirst",
              "BoundedLoad": 1.25, "Expiration": "00:05:00", "MaxKeys": 3 }
            """).Scheduler);

    [Fact]
    public void Persistence_EveryKey() => Assert.Equal(
        new PersistenceOptions
        {
            Timeout = TimeSpan.FromSeconds(9),
            Mask4 = 24,
            Mask6 = 64,
            Key = "cookie:id",
            LeaveDrained = true,
            MaxEntries = 5,
        },
        Cluster("Persistence", """
            { "Timeout": "00:00:09", "Mask4": 24, "Mask6": 64, "Key": "cookie:id", "LeaveDrained": true, "MaxEntries": 5 }
            """).Persistence);

    [Fact]
    public void Probe_EveryKeyOfTcp() => Assert.Equal(
        new ProbeOptions
        {
            Kind = "tcp",
            Interval = TimeSpan.FromSeconds(2),
            Timeout = TimeSpan.FromSeconds(1),
            Rise = 3,
            Fall = 4,
            InitiallyUp = true,
            Port = 81,
            Send = "GET / HTTP/1.0\r\n\r\n",
            Expect = "HTTP/1.[01] 200",
            Regex = true,
        },
        Cluster("Probe", """
            { "Kind": "TCP", "Interval": "00:00:02", "Timeout": "00:00:01", "Rise": 3, "Fall": 4, "InitiallyUp": true,
              "Port": 81, "Send": "GET / HTTP/1.0\r\n\r\n", "Expect": "HTTP/1.[01] 200", "Regex": true }
            """).Probe);

    [Fact]
    public void Probe_EveryKeyOfHttps() => Assert.Equal(
        new ProbeOptions
        {
            Kind = "https",
            Path = "/status?full=1",
            Method = "OPTIONS",
            Host = "www.example.com",
            Status = "200,300-399",
            Body = "fine",
            VerifyCertificate = true,
        },
        Cluster("Probe", """
            { "Kind": "https", "Path": "/status?full=1", "Method": "options", "Host": "www.example.com",
              "Status": "200,300-399", "Body": "fine", "VerifyCertificate": true }
            """).Probe);

    [Fact]
    public void VirtualServer_EveryKey()
    {
        var server = Loaded(new ConfigurationText().With("VirtualServers:smtp", """
            { "Listen": [ "0.0.0.0:25", "[::]:25" ], "Protocol": "TCP", "ClusterId": "mail", "Forwarding": "Relay",
              "ConnectTimeout": "00:00:01", "IdleTimeout": "00:00:00", "HalfClosedTimeout": "00:00:07", "MaxConnections": 9,
              "KeepAlive": "00:00:30", "SessionTimeout": "00:00:20", "OnePacket": true, "Replies": 3, "UnconfirmedReplies": 2,
              "ProxyProtocol": { "From": [ "10.0.0.0/8", "::1" ], "Send": "V2" }, "Sni": { "a.example": "mail" },
              "Alpn": { "h2": "mail" }, "SniOnly": true, "HandshakeTimeout": "00:00:04", "MaxConnectionsPerClient": 5, "SamePort": true,
              "SourceAddresses": [ "10.0.0.9", "::1" ], "UserTimeout": "00:00:05", "Sorry": { "Body": "421 busy\r\n" } }
            """)).VirtualServers.Single();

        Assert.Equal([new IPEndPoint(IPAddress.Any, 25), new IPEndPoint(IPAddress.IPv6Any, 25)], server.Listen);
        Assert.Equal(
            new VirtualServerOptions
            {
                Id = "smtp",
                Listen = server.Listen,
                Protocol = "tcp",
                ClusterId = "mail",
                Forwarding = "relay",
                ConnectTimeout = TimeSpan.FromSeconds(1),
                IdleTimeout = TimeSpan.Zero,
                HalfClosedTimeout = TimeSpan.FromSeconds(7),
                MaxConnections = 9,
                KeepAlive = TimeSpan.FromSeconds(30),
                SessionTimeout = TimeSpan.FromSeconds(20),
                OnePacket = true,
                Replies = 3,
                UnconfirmedReplies = 2,
                ProxyProtocol = new() { From = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("::1/128")], Send = 2 },
                Sni = [new("a.example", "mail")],
                Alpn = [new("h2", "mail")],
                SniOnly = true,
                HandshakeTimeout = TimeSpan.FromSeconds(4),
                MaxConnectionsPerClient = 5,
                SamePort = true,
                SourceAddresses = [IPAddress.Parse("10.0.0.9"), IPAddress.IPv6Loopback],
                UserTimeout = TimeSpan.FromSeconds(5),
                Sorry = new RelaySorryOptions { Body = "421 busy\r\n" },
            },
            server);
    }

    [Theory]
    [InlineData("421 bösy\r\n", "", "34-32-31-20-62-C3-B6-73-79-0D-0A")]
    [InlineData("", "15 0303 00", "15-03-03-00")]
    public void RelaySorry_TextOrHexadecimal_AreTheseBytes(string body, string hex, string bytes) =>
        Assert.Equal(bytes, BitConverter.ToString(new RelaySorryOptions { Body = body, BodyHex = hex }.ToBytes()));

    [Fact]
    public void Http_EveryKey()
    {
        var loaded = Loaded(new ConfigurationText().With("Http", """{ "Forwarder": "YARP", "Transport": "SOCKETS", "PlainLane": true, "Loops": 3 }"""));

        Assert.Equal(new HttpOptions { Forwarder = "yarp", Transport = "sockets", PlainLane = true, Loops = 3 }, HttpSection.Read(loaded.Section("Http")));
    }

    [Fact]
    public void VirtualServer_KeysOfTheKernel()
    {
        var server = Loaded(new ConfigurationText().With("VirtualServers:smtp", """
            { "Listen": "10.0.0.100:25", "ClusterId": "mail", "Forwarding": "NAT", "Interface": "eth0", "AssignAddress": true,
              "Masquerade": true }
            """)).VirtualServers.Single();

        Assert.Equal(
            ("nat", "eth0", true, true, false), (server.Forwarding, server.Interface, server.AssignAddress, server.Masquerade, server.Stateless));
        Assert.True(Loaded(new ConfigurationText().With("VirtualServers:smtp", """
            { "Listen": "10.0.0.100:25", "ClusterId": "mail", "Forwarding": "nat", "Stateless": true }
            """)).VirtualServers.Single().Stateless);
    }

    [Fact]
    public void Kernel_EveryKey() => Assert.Equal(
        new KernelOptions { OnStop = "keep", MaxFlows = 1000 },
        KernelSection.Read(Loaded(new ConfigurationText().With("Kernel", """{ "OnStop": "Keep", "MaxFlows": 1000 }""")).Section("Kernel")));

    [Fact]
    public void Relay_EveryKey()
    {
        var loaded = Loaded(new ConfigurationText().With("Relay", """{ "Engine": "SOCKETS", "Loops": 3 }"""));

        Assert.Equal(new RelayOptions { Engine = "sockets", Loops = 3 }, RelaySection.Read(loaded.Section("Relay")));
    }

    [Fact]
    public void Listen_SingleValue_IsAListOfOne() => Assert.Equal(
        "127.0.0.1:25",
        Loaded(new ConfigurationText().With("VirtualServers:smtp:Listen", "\"127.0.0.1:25\"")).VirtualServers.Single().Listen.Single().ToString());

    [Theory]
    [InlineData("*:25", "0.0.0.0:25 [::]:25")]
    [InlineData("127.0.0.1:5000-5002", "127.0.0.1:5000 127.0.0.1:5001 127.0.0.1:5002")]
    [InlineData("*:7-8", "0.0.0.0:7 0.0.0.0:8 [::]:7 [::]:8")]
    public void Listen_ShortForm_IsAllItMeans(string text, string expected) => Assert.Equal(
        expected,
        string.Join(' ', Loaded(new ConfigurationText().With("VirtualServers:smtp:Listen", $"\"{text}\"")).VirtualServers.Single().Listen));

    [Fact]
    public void Absent_KeysHaveTheDefaultsOfTheOptions()
    {
        var cluster = Loaded(new ConfigurationText()).Clusters[0];

        Assert.Equal(new ClusterOptions { Id = "web", Destinations = cluster.Destinations }, cluster);
        Assert.Equal(new DestinationOptions { Id = "a", Address = new Uri("http://10.0.0.1:80") }, cluster.Destinations.Single());
        Assert.Equal(new ProbeOptions(), Cluster("Probe", "{}").Probe);
        Assert.Equal(new PersistenceOptions(), Cluster("Persistence", "{}").Persistence);
    }

    [Theory]
    [InlineData("HealthyOrPanic", true)]
    [InlineData("HealthyAndUnknown", false)]
    public void AvailableDestinationsPolicy_DecidesPanic(string policy, bool panic) =>
        Assert.Equal(panic, Cluster("HealthCheck:AvailableDestinationsPolicy", $"\"{policy}\"").Panic);

    [Fact]
    public void ActiveHealthCheck_Alone_IsAProbeWithYarpsDefaults() => Assert.Equal(
        new ProbeOptions
        {
            Kind = "http",
            Interval = TimeSpan.FromSeconds(15),
            Timeout = TimeSpan.FromSeconds(10),
            InitiallyUp = true,
            Rise = 1,
            Fall = 2,
            Path = "/",
            VerifyCertificate = true,
        },
        Cluster("HealthCheck:Active", """{ "Enabled": true }""").Probe);

    [Fact]
    public void ActiveHealthCheck_EveryKey()
    {
        var cluster = Loaded(new ConfigurationText()
            .With("ReverseProxy:Clusters:web:Destinations:a:Address", "\"https://10.0.0.1\"")
            .With("ReverseProxy:Clusters:web:HttpClient:DangerousAcceptAnyServerCertificate", "true")
            .With("ReverseProxy:Clusters:web:Metadata", """{ "ConsecutiveFailuresHealthPolicy.Threshold": "5" }""")
            .With("ReverseProxy:Clusters:web:HealthCheck:Active", """
                { "Enabled": true, "Interval": "00:00:01", "Timeout": "00:00:02", "Policy": "ConsecutiveFailures",
                  "Path": "status", "Query": "full=1" }
                """)).Clusters[0];

        Assert.Equal(
            new ProbeOptions
            {
                Kind = "https",
                Interval = TimeSpan.FromSeconds(2),
                Timeout = TimeSpan.FromSeconds(2),
                InitiallyUp = true,
                Rise = 1,
                Fall = 5,
                Path = "/status?full=1",
            },
            cluster.Probe);
    }

    [Fact]
    public void ActiveHealthCheck_BareNumber_IsDaysAsInYarp()
    {
        var probe = Cluster("HealthCheck:Active", """{ "Enabled": true, "Interval": 2, "Timeout": "1" }""").Probe!;

        Assert.Equal((TimeSpan.FromDays(2), TimeSpan.FromDays(1)), (probe.Interval, probe.Timeout));
    }

    [Fact]
    public void ActiveHealthCheck_SwitchedOff_IsNoProbeAndNoConflict()
    {
        var text = new ConfigurationText().With("ReverseProxy:Clusters:web:HealthCheck:Active", """{ "Enabled": false }""");

        Assert.Null(Loaded(text).Clusters[0].Probe);
        Assert.NotNull(Loaded(text.With("ReverseProxy:Clusters:web:Probe", "{}")).Clusters[0].Probe);
    }

    private static ClusterOptions Cluster(string key, string json) =>
        Loaded(new ConfigurationText().With($"ReverseProxy:Clusters:web:{key}", json)).Clusters[0];

    private static LoadedConfiguration Loaded(ConfigurationText text)
    {
        var result = text.Load();
        Assert.Equal("", string.Join('\n', result.Errors));
        return result.Configuration!;
    }
}
