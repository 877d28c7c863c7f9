using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>One <c>server</c> of <c>http</c>: its names and its ports.</summary>
internal sealed partial class HttpServer
{
    /// <summary>Orders between which the servers with stars lie, longer names first.</summary>
    private const int Exact = 0;
    private const int Default = 1000;

    private readonly List<string> _names = [];

    public HttpServer(Statement block)
    {
        Block = block;
        foreach (var statement in block.Body.Where(statement => statement.Name == "server_name"))
        {
            statement.Same();
            foreach (var name in statement.Arguments)
            {
                Add(statement, name);
            }
        }

        Name = _names.Count > 0 ? _names[0].Replace("*.", "", StringComparison.Ordinal) : "server";
    }

    public Statement Block { get; }

    public string Name { get; }

    /// <summary>The ports it is listened on.</summary>
    public List<int> Ports { get; } = [];

    /// <summary>Whether it is the one for requests whose name no server of the listener has.</summary>
    public bool IsDefault { get; set; }

    public IReadOnlyList<string> Names => _names;

    public int Order => IsDefault || _names.Count == 0 ? Default
        : _names.Exists(name => name.StartsWith('*')) ? Default - Math.Min(_names.Max(name => name.Length), Default - 1) : Exact;

    /// <summary>The hosts of its routes: none for a default server, and with the port where there are several.</summary>
    public IReadOnlyList<string> Hosts(bool isOnePort)
    {
        var names = IsDefault || _names.Count == 0 ? isOnePort ? [] : ["*"] : _names;
        return isOnePort ? [.. names] : [.. names.SelectMany(name => Ports.Distinct().Select(
            port => string.Create(CultureInfo.InvariantCulture, $"{name}:{port}")))];
    }

    private void Add(Statement statement, string name)
    {
        if (name is "_" or "")
        {
            return;
        }

        if (name.StartsWith('.') && HostForm().IsMatch(name[1..]))
        {
            _names.Add(name[1..]);
            _names.Add("*" + name);
        }
        else if (HostForm().IsMatch(name))
        {
            _names.Add(name);
        }
        else
        {
            statement.Impossible($"a route cannot match the name {name}");
        }
    }

    [GeneratedRegex(@"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    private static partial Regex HostForm();
}
