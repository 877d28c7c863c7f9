using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Configuration;

namespace Gateway.Tests.Support;

/// <summary>A configuration that is right, to be changed key by key.</summary>
internal sealed class ConfigurationText
{
    private readonly JsonNode _root = JsonNode.Parse("""
        {
          "ReverseProxy": {
            "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
            "Clusters": {
              "web": { "Destinations": { "a": { "Address": "http://10.0.0.1:80" } } },
              "mail": { "Destinations": { "m1": { "Address": "tcp://10.0.0.5:25" } } }
            }
          },
          "VirtualServers": { "smtp": { "Listen": [ "0.0.0.0:25" ], "ClusterId": "mail" } },
          "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:8080" } } }
        }
        """)!;

    /// <summary>Writes a value at a path; numbers in the path are places in lists.</summary>
    public ConfigurationText With(string key, string json)
    {
        var parts = key.Split(':');
        var node = _root;
        for (var i = 0; i < parts.Length - 1; i++)
        {
            var next = Get(node, parts[i]);
            if (next is null)
            {
                next = parts[i + 1].All(char.IsAsciiDigit) ? new JsonArray() : new JsonObject();
                Set(node, parts[i], next);
            }

            node = next;
        }

        Set(node, parts[^1], JsonNode.Parse(json));
        return this;
    }

    public LoadResult Load(params IReadOnlyList<ConfigurationCheck> checks) =>
        new ConfigurationLoader(checks: checks).Load(Encoding.UTF8.GetBytes(ToString()), "test.json");

    public override string ToString() => _root.ToJsonString();

    private static JsonNode? Get(JsonNode node, string key) =>
        node is JsonArray list ? list.ElementAtOrDefault(Index(key)) : node[key];

    private static void Set(JsonNode node, string key, JsonNode? value)
    {
        if (node is not JsonArray list)
        {
            node[key] = value;
        }
        else if (Index(key) < list.Count)
        {
            list[Index(key)] = value;
        }
        else
        {
            list.Add(value);
        }
    }

    private static int Index(string key) => int.Parse(key, CultureInfo.InvariantCulture);
}
