using System.Globalization;
using Gateway.Commands;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Configuration;

/// <summary>Holds what the check takes against what Kestrel takes.</summary>
public sealed class KestrelLimitsTests
{
    private static readonly string[] _times =
        ["-1", "-00:00:01", "-00:00:00.001", "00:00:00", "00:00:00.001", "00:00:00.5", "00:00:01", "00:00:01.001", "50.00:00:00", "10675199.02:48:05"];

    private static readonly string[] _numbers = ["-1", "0", "0.5", "1", "2", "16383", "16384", "65534", "65535", "16777215", "16777216", "2147483647", "2147483648"];

    /// <summary>Every key, by a value that is right for the others of its section.</summary>
    public static TheoryData<string> Keys =>
        [.. SchemaKeys.Values(Schema.Gateway).Select(key => key.Pattern).Where(key => key.StartsWith("Kestrel:Limits:", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Check_TakesAValue_OnlyWhenKestrelDoes(string key)
    {
        foreach (var value in _times.Concat(_numbers))
        {
            var isValid = new ConfigurationText().With(key, $"\"{value}\"").Load().Configuration is not null;

            Assert.False(isValid && !KestrelTakes(key, value), $"{key}: '{value}' is refused by Kestrel");
        }
    }

    [Fact]
    public async Task Start_ThatFailsForAReasonNoCheckKnows_IsBadInput()
    {
        var errors = new List<ConfigurationError>();
        var tree = JsonTree.Parse("""
            { "Kestrel": { "Endpoints": { "A": { "Url": "http://127.0.0.1:0" } }, "Limits": { "KeepAliveTimeout": "00:00:00" } },
              "Telemetry": { "Listen": [] }, "Management": { "Listen": [] } }
            """u8.ToArray(), "test.json", errors)!;
        var configuration = ConfigurationReader.Read(tree, "test.json", null, errors, [], new Layers([], Overlay.Read(null)), []);

        Assert.Equal(CommandLine.BadInput, await RunCommand.RunAsync(configuration, loader: null, CancellationToken.None));
    }

    private static bool KestrelTakes(string key, string value)
    {
        var limits = new KestrelServerLimits();
        var below = key["Kestrel:Limits:".Length..];
        var settings = new Dictionary<string, string?> { [below] = value };
        try
        {
            if (below.EndsWith(":GracePeriod", StringComparison.Ordinal))
            {
                _ = new MinDataRate(1, TimeSpan.Parse(value, CultureInfo.InvariantCulture));
            }

            new ConfigurationBuilder().AddInMemoryCollection(settings).Build().Bind(limits);
        }
        catch (Exception e) when (e is InvalidOperationException or System.Reflection.TargetInvocationException or ArgumentException)
        {
            return false;
        }

        // What Kestrel itself holds against each other when it starts.
        return limits.MaxRequestBufferSize >= limits.MaxRequestLineSize && limits.MaxRequestBufferSize >= limits.MaxRequestHeadersTotalSize;
    }
}
