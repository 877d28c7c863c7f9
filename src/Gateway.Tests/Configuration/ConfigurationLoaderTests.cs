using System.Collections;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Configuration;

public class ConfigurationLoaderTests
{
    private const string Sample = """
        {
          // comments are allowed, and trailing commas too
          "ReverseProxy": {
            "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}", "Hosts": [ "a", "b" ] }, "Transforms": [] } },
            "Clusters": {
              "web": {
                "LoadBalancingPolicy": "RR",
                "HealthCheck": {},
                "Metadata": null,
                "Destinations": {
                  "zebra": { "Address": "http://10.0.0.1", "Weight": 3 },
                  "ape": { "Address": "http://[2001:db8::2]:8080", "Weight": "0", "Backup": true },
                  "mole": { "Address": "http://host.example:81/base/" }
                }
              }
            }
          },
        }
        """;

    [Fact]
    public void Load_Destinations_KeepTheOrderOfTheFile()
    {
        var cluster = Loaded(Sample).Clusters.Single();

        Assert.Equal(["zebra", "ape", "mole"], cluster.Destinations.Select(d => d.Id));
        Assert.Equal([3, 0, 1], cluster.Destinations.Select(d => d.Weight));
        Assert.Equal([80, 8080, 81], cluster.Destinations.Select(d => d.Address.Port));
        Assert.Equal("rr", cluster.Scheduler.Name);
    }

    [Fact]
    public void Load_Root_HoldsWhatDotNetWouldReadWithoutWhatIsNull()
    {
        var sample = Sample.Replace("\"Metadata\": null,", "", StringComparison.Ordinal);
        var expected = new ConfigurationBuilder()
            .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(sample))).Build().AsEnumerable().OrderBy(pair => pair.Key);

        Assert.Equal(expected, Loaded(Sample).Root.AsEnumerable().OrderBy(pair => pair.Key));
    }

    [Fact]
    public void Load_Overrides_ReplaceInPlaceAndAppendInNameOrder()
    {
        var environment = new Hashtable
        {
            ["ReverseProxy__Clusters__web__Destinations__yak__Address"] = "http://10.0.0.9",
            ["ReverseProxy__Clusters__web__Destinations__bee__Address"] = "http://10.0.0.8",
            ["REVERSEPROXY__CLUSTERS__WEB__DESTINATIONS__APE__WEIGHT"] = "7",
            ["ReverseProxy__Clusters__web__Destinations__zebra__Weight"] = "8",
            ["PATH"] = "/bin",
            ["ASPNETCORE_URLS"] = "http://*:80",
        };
        var loader = new ConfigurationLoader(environment, ["--ReverseProxy:Clusters:web:Destinations:zebra:Weight=9"]);

        var cluster = Load(loader, Sample).Configuration!.Clusters.Single();

        Assert.Equal("zebra 9, ape 7, mole 1, bee 1, yak 1", string.Join(", ", cluster.Destinations.Select(d => $"{d.Id} {d.Weight}")));
    }

    [Fact]
    public void Load_EnvironmentMakesAWholeVirtualServer()
    {
        var environment = new Hashtable
        {
            ["VirtualServers__smtp__Listen__0"] = "0.0.0.0:25",
            ["VirtualServers__smtp__Listen__1"] = "[::]:25",
            ["VirtualServers__smtp__ClusterId"] = "web",
        };

        var server = Load(new ConfigurationLoader(environment), Sample).Configuration!.VirtualServers.Single();

        Assert.Equal(["0.0.0.0:25", "[::]:25"], server.Listen.Select(listen => listen.ToString()));
    }

    [Fact]
    public void Load_WrongOverride_NamesWhereItCameFrom()
    {
        var environment = new Hashtable { ["ReverseProxy__Clusters__web__Destinations__ape__Weight"] = "heavy" };

        var errors = Load(new ConfigurationLoader(environment, ["--Kestrle:Endpoints:Http:Url=http://*:80", "-x"]), Sample).Errors;

        Assert.Equal(
            """
            command line: '-x' is not an option. Write --Section:Key=value to override a key of the file.
            environment variable ReverseProxy__Clusters__web__Destinations__ape__Weight: ReverseProxy:Clusters:web:Destinations:ape:Weight: 'heavy' is not a whole number from 0 to 65535. Use 0 to quiesce the destination, and larger numbers for larger shares.
            command line: Kestrle: is not a known key. Did you mean 'Kestrel'?
            """,
            string.Join('\n', errors));
    }

    /// <summary>Keys that are kept for later are names that other programs have for their own.</summary>
    [Theory]
    [InlineData("DNS", "10.0.0.53")]
    [InlineData("URLS", "http://*:80")]
    [InlineData("HIGHAVAILABILITY", "yes")]
    public void Load_EnvironmentOfOtherPrograms_IsIgnored(string name, string value)
    {
        var result = new ConfigurationLoader(new Hashtable { [name] = value }).Load("{}"u8.ToArray(), "test.json");

        Assert.Empty(result.Errors);
        Assert.Empty(result.Configuration!.Warnings);
    }

    [Fact]
    public void Load_UnknownEnvironmentKey_IsIgnoredWithAWarning()
    {
        var environment = new Hashtable { ["ReverseProxy__Clusters__web__Polisy"] = "rr", ["KESTREL_SERVICE_HOST"] = "10.0.0.1", ["Kestrel"] = "x" };

        var warning = Load(new ConfigurationLoader(environment), Sample).Configuration!.Warnings.Single();

        Assert.Equal(
            "environment variable ReverseProxy__Clusters__web__Polisy: ReverseProxy:Clusters:web:Polisy: is not a known key and is ignored. Check the name of the variable.",
            warning.ToString());
    }

    [Theory]
    [InlineData("", "test.json:1:1: is not valid JSON")]
    [InlineData("[]", "test.json:1:1: is not a JSON object")]
    [InlineData("{\n  \"Kestrel\": {\n    \"Url\" \"x\"\n  }\n}", "test.json:3:11: is not valid JSON")]
    [InlineData("{\n  \"Kestrel\": {\n", "test.json:3:1: is not valid JSON")]
    [InlineData("{} {}", "test.json:1:4: is not valid JSON")]
    [InlineData("{ \"AllowedHosts\": \"\\ud800\" }", "test.json:1:19: is not valid text")]
    [InlineData("{\n \"AllowedHosts\": \"a\",\n \"allowedhosts\": \"b\" }", "test.json:3:2: allowedhosts: is there twice, first at test.json:2:18. Keep one")]
    [InlineData("{ \"Kestrel:Endpoints\": {} }", "test.json:1:3: Kestrel:Endpoints: has a key, 'Kestrel:Endpoints', that contains ':'.")]
    [InlineData("{ \"ReverseProxy\": { \"Clusters\": { \"\": {} } } }", "test.json:1:35: ReverseProxy:Clusters:: has an empty key")]
    public void Load_WrongSyntax_SaysWhere(string json, string expected)
    {
        var error = Assert.Single(Load(new ConfigurationLoader(), json).Errors);

        Assert.StartsWith(expected, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ByteOrderMark_IsNoError()
    {
        var json = Encoding.UTF8.GetPreamble().Concat(Encoding.UTF8.GetBytes(Sample)).ToArray();

        Assert.NotNull(new ConfigurationLoader().Load(json, "test.json").Configuration);
    }

    [Fact]
    public void Load_FileThatCannotBeRead_IsAnError()
    {
        var missing = new ConfigurationLoader().Load("/does/not/exist.json").Errors.Single();
        var folder = new ConfigurationLoader().Load(Path.GetTempPath()).Errors.Single();

        Assert.StartsWith("/does/not/exist.json: cannot be read: ", missing.ToString(), StringComparison.Ordinal);
        Assert.StartsWith($"{Path.GetTempPath()}: is a folder. ", folder.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RelativeCertificate_IsLookedForBesideTheFile()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "appsettings.json");
        File.WriteAllText(file, new ConfigurationText().With("Kestrel:Certificates:Default:Path", "\"tls/site.pem\"").ToString());

        var error = new ConfigurationLoader().Load(file).Errors.Single();
        Directory.CreateDirectory(Path.Combine(folder.Path, "tls"));
        using var certificates = new TestCertificates();
        File.WriteAllBytes(Path.Combine(folder.Path, "tls", "site.pem"), certificates.For("site").Export(X509ContentType.Pkcs12));

        Assert.Contains("'tls/site.pem' is not a file", error.ToString(), StringComparison.Ordinal);
        Assert.NotNull(new ConfigurationLoader().Load(file).Configuration);
    }

    [Fact]
    public void Load_CheckThatThrows_IsAnErrorThatNamesTheCheck()
    {
        var error = Assert.Single(new ConfigurationText().Load(CheckThatThrows).Errors);

        Assert.Contains("ConfigurationLoaderTests found NotSupportedException: Backtracking.", error.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_HugeFile_IsRefusedUnread()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "huge.json");
        using (var stream = File.Create(file))
        {
            stream.SetLength(JsonTree.LargestFileBytes + 1);
        }

        Assert.Contains("has more than 16777216 bytes", new ConfigurationLoader().Load(file).Errors.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EveryBeginningOfTheExample_IsAnErrorWithAPlaceAndNeverThrows()
    {
        var example = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "appsettings.json"));
        var loader = new ConfigurationLoader();

        for (var length = 0; length < example.AsSpan().LastIndexOf((byte)'}'); length += 7)
        {
            var error = loader.Load(example[..length], "test.json").Errors[0];
            Assert.Matches("^test.json:[0-9]+:[0-9]+: ", error.ToString());
        }
    }

    [Fact]
    public void Load_ManyMistakes_AreAllReportedInTheOrderOfTheFile()
    {
        var text = new ConfigurationText()
            .With("ReverseProxy:Clusters:web:Destinations:a:Weight", "-1")
            .With("ReverseProxy:Clusters:web:Probe:Fall", "0")
            .With("VirtualServers:smtp:ClusterId", "\"male\"")
            .With("Nonsense", "true");

        Assert.Equal(
            ["ReverseProxy:Clusters:web:Destinations:a:Weight", "ReverseProxy:Clusters:web:Probe:Fall", "VirtualServers:smtp:ClusterId", "Nonsense"],
            text.Load().Errors.Select(e => e.Key));
    }

    [Fact]
    public void Load_Revision_FollowsContentAndNotComments()
    {
        var revision = Loaded(Sample).Revision;

        Assert.Equal(revision, Loaded(Sample.Replace("comments are", "comments were", StringComparison.Ordinal)).Revision);
        Assert.NotEqual(revision, Loaded(Sample.Replace("\"Weight\": 3", "\"Weight\": 4", StringComparison.Ordinal)).Revision);
        Assert.Matches("^[0-9a-f]{12}$", revision);
    }

    [Fact]
    public void Load_ChecksOfOtherFeatures_AddTheirErrorsWithPlaces()
    {
        IEnumerable<ConfigurationError> Check(LoadedConfiguration configuration) =>
            [configuration.Error("ReverseProxy:Routes:web:Match:Path", "is no pattern", "Correct it.")];

        var errors = new ConfigurationText().With("VirtualServers:smtp:ClusterId", "\"male\"").Load(Check).Errors;

        Assert.Equal(["ReverseProxy:Routes:web:Match:Path", "VirtualServers:smtp:ClusterId"], errors.Select(e => e.Key));
        Assert.StartsWith("test.json:1:69: ReverseProxy:Routes:web:Match:Path: '{**rest}' is no pattern.", errors[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ReverseProxy:Clusters:web:Destinations", "{}", "ReverseProxy:Clusters:web:Destinations: names no destination")]
    [InlineData("ReverseProxy:Clusters:web:Destinations:b:Address", "\"http://10.0.0.1\"", "has a and b at the same address, http://10.0.0.1/")]
    [InlineData("ReverseProxy:Routes:aside:Match:Path", "\"/x\"", "ReverseProxy:Routes:aside: names no cluster")]
    [InlineData("ReverseProxy:Clusters:idle:Destinations:b:Address", "\"http://10.0.0.1\"", "ReverseProxy:Clusters:idle: is used by no route")]
    public void Load_ProbablyNotMeant_IsAWarning(string key, string json, string expected)
    {
        var configuration = new ConfigurationText().With(key, json).Load().Configuration;

        Assert.Contains(expected, Assert.Single(configuration!.Warnings).ToString(), StringComparison.Ordinal);
    }

    private static LoadedConfiguration Loaded(string json)
    {
        var result = Load(new ConfigurationLoader(), json);
        Assert.Equal("", string.Join("\n", result.Errors));
        return result.Configuration!;
    }

    private static LoadResult Load(ConfigurationLoader loader, string json) => loader.Load(Encoding.UTF8.GetBytes(json), "test.json");

    [LinuxFact]
    public async Task Load_Pipe_IsReadToItsEnd()
    {
        using var folder = new TemporaryFolder();
        var pipe = Pipe.Make(Path.Combine(folder.Path, "pipe"));
        // Opening a pipe waits for the other side.
        var writing = Task.Run(() => File.WriteAllText(pipe, new ConfigurationText().ToString()));

        var result = new ConfigurationLoader().Load(pipe);

        await writing;
        Assert.NotNull(result.Configuration);
        Assert.False(result.Configuration.SourceStamp!.Value.IsRegular);
    }

    private static IEnumerable<ConfigurationError> CheckThatThrows(LoadedConfiguration configuration) =>
        throw new NotSupportedException("Backtracking.");
}
