using System.Reflection;
using System.Security.Authentication;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Hooks;
using Gateway.Names;
using Gateway.Scheduling;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>Holds the schema against the types the configuration ends up in.</summary>
public class SchemaTests
{
    /// <summary>Keys Gateway adds to YARP's section, and those of a later YARP that get their own error.</summary>
    private static readonly HashSet<string> _notYarps =
    [
        "MinReady", "ConnectTimeout", "IdleTimeout", "Queue", "Retry", "Sorry", "PassiveCheck",
        "OutputCachePolicy", "Extensions", "Scheduler", "Persistence", "Probe", "Probes", "Resolve", "SlowStart", "Query",
        "Weight", "MaxConnections", "UpperThreshold", "LowerThreshold", "Backup", "BackupRank",
    ];

    [Fact]
    public void Routes_HaveEveryKeyOfYarp() =>
        AssertSameKeys(typeof(RouteConfig), At("ReverseProxy", "Routes", "*"), "route", "RouteId");

    [Fact]
    public void Clusters_HaveEveryKeyOfYarp() =>
        AssertSameKeys(typeof(ClusterConfig), At("ReverseProxy", "Clusters", "*"), "cluster", "ClusterId");

    [Fact]
    public void KestrelLimits_HaveEveryKeyOfKestrel() =>
        AssertSameKeys(typeof(KestrelServerLimits), At("Kestrel", "Limits"), "limits");

    /// <summary>A key that no option holds would be accepted and ignored; an option without a key could not be
    /// set.</summary>
    [Theory]
    [InlineData(typeof(ProbeOptions), "ReverseProxy:Clusters:web:Probe", "")]
    [InlineData(typeof(PersistenceOptions), "ReverseProxy:Clusters:web:Persistence", "")]
    [InlineData(typeof(SchedulerOptions), "ReverseProxy:Clusters:web:Scheduler", "Name")]
    [InlineData(typeof(VirtualServerOptions), "VirtualServers:smtp", "Id")]
    [InlineData(typeof(RelayTlsOptions), "VirtualServers:smtp:Tls", "")]
    [InlineData(typeof(ProxyProtocolOptions), "VirtualServers:smtp:ProxyProtocol", "")]
    [InlineData(typeof(RelayOptions), "Relay", "")]
    [InlineData(typeof(HttpOptions), "Http", "")]
    [InlineData(typeof(KernelOptions), "Kernel", "")]
    [InlineData(typeof(NameOptions), "Names", "")]
    [InlineData(typeof(HookOptions), "Hooks:pager", "Id")]
    [InlineData(typeof(TelemetryOptions), "Telemetry", "")]
    [InlineData(typeof(AccessLogOptions), "Telemetry:AccessLog", "")]
    [InlineData(typeof(OtlpOptions), "Telemetry:Otlp", "")]
    public void Options_HaveTheKeysOfTheSchema(Type options, string path, string notKey)
    {
        var names = options.GetProperties().Select(property => property.Name).Where(name => name != notKey);

        Assert.Equal(names.Order(), At(path.Split(':')).Properties.Keys.Order());
    }

    [Fact]
    public void LoadBalancingPolicy_ExamplesCoverEverySchedulerOfTheProgram()
    {
        var examples = At("ReverseProxy", "Clusters", "*", "LoadBalancingPolicy").Examples;

        Assert.All(Schedulers.Names, name => Assert.Contains(name, examples));
    }

    [Fact]
    public void Keys_AllHaveADescription() =>
        Assert.All(SchemaKeys.All(Schema.Gateway), key => Assert.EndsWith(".", key.Schema.Description, StringComparison.Ordinal));

    private static Schema At(params string[] path) => path.Aggregate(Schema.Gateway, (schema, key) => schema.Child(key)!);

    private static void AssertSameKeys(Type type, Schema schema, string path, params string[] notKeys)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).ExceptBy(notKeys, property => property.Name).ToList();
        var names = properties.Select(property => property.Name).ToList();
        Assert.True(names.Order().SequenceEqual(schema.Properties.Keys.Except(_notYarps).Order()),
            $"{path}: {string.Join(", ", names)} against {string.Join(", ", schema.Properties.Keys)}");
        foreach (var property in properties)
        {
            AssertSameType(property.PropertyType, schema.Properties[property.Name], $"{path}.{property.Name}");
        }
    }

    private static void AssertSameType(Type type, Schema schema, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(SslProtocols))
        {
            Assert.Equal(["Tls", "Tls11", "Tls12", "Tls13"], schema.Items!.Enum);
        }
        else if (type.IsEnum)
        {
            Assert.True(Enum.GetNames(type).Order().SequenceEqual(schema.Enum.Order()), path);
        }
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            AssertSameType(type.GetGenericArguments()[0], schema.Items!, path);
        }
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            AssertSameType(type.GetGenericArguments()[1], schema.Others!, path);
        }
        else if (type.Assembly == typeof(RouteConfig).Assembly || type.Assembly == typeof(KestrelServerLimits).Assembly)
        {
            AssertSameKeys(type, schema, path);
        }
        else
        {
            Assert.True(SimpleType(type) == schema.Type && (type != typeof(TimeSpan) || schema.Format == "timespan"), path);
        }
    }

    private static string SimpleType(Type type) =>
        type == typeof(bool) ? "boolean"
        : type == typeof(int) || type == typeof(long) ? "integer"
        : type == typeof(double) ? "number"
        : "string";
}
