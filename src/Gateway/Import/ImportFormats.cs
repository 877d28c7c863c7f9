using Gateway.Import.Balance;
using Gateway.Import.Haproxy;
using Gateway.Import.Ipvs;
using Gateway.Import.Keepalived;
using Gateway.Import.Ldirectord;
using Gateway.Import.LvsCf;
using Gateway.Import.Nginx;
using Gateway.Import.Pen;

namespace Gateway.Import;

/// <summary>The formats by name, how each is recognised, and who reads it.</summary>
internal static class ImportFormats
{
    private sealed record Row(
        ImportFormat Format, string Name, Func<SourceText, double> Likeness, Func<SourceText, Draft, IReadOnlyList<Statement>> Read);

    private static readonly Row[] _table =
    [
        new(ImportFormat.LvsCf, "lvs.cf", LvsCfReader.Likeness, LvsCfImport.Read),
        new(ImportFormat.Keepalived, "keepalived", KeepalivedImport.Likeness, KeepalivedImport.Read),
        new(ImportFormat.IpvsadmSave, "ipvsadm-save", IpvsadmReader.Likeness, IpvsadmImport.Read),
        new(ImportFormat.Haproxy, "haproxy", HaproxyReader.Likeness, HaproxyImport.Read),
        new(ImportFormat.Nginx, "nginx", NginxImport.Likeness, NginxImport.Read),
        new(ImportFormat.Ldirectord, "ldirectord", LdirectordReader.Likeness, LdirectordImport.Read),
        new(ImportFormat.Balance, "balance", BalanceImport.Likeness, BalanceImport.Read),
        new(ImportFormat.Pen, "pen", PenImport.Likeness, PenImport.Read),
    ];

    public static IEnumerable<string> Names => _table.Select(row => row.Name);

    public static string NameOf(ImportFormat format) => Find(format).Name;

    public static ImportFormat? Parse(string name) =>
        _table.FirstOrDefault(row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase))?.Format;

    /// <summary>The format most lines look like, or null when they look like none.</summary>
    public static ImportFormat? Guess(SourceText text)
    {
        var best = _table.Select(row => (row.Format, Likeness: row.Likeness(text))).MaxBy(row => row.Likeness);
        return best.Likeness > 0.2 ? best.Format : null;
    }

    /// <summary>Translates a file of this format into a draft and returns all its directives.</summary>
    public static IReadOnlyList<Statement> Read(ImportFormat format, SourceText text, Draft draft) =>
        Find(format).Read(text, draft);

    /// <summary>The share of lines, comments and blank ones aside, that begin with one of these words.</summary>
    public static double ShareOfLines(SourceText text, Func<string, bool> isTypical)
    {
        var lines = text.Lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or '!')).ToList();
        return lines.Count == 0 ? 0 : (double)lines.Count(isTypical) / lines.Count;
    }

    private static Row Find(ImportFormat format) => _table.First(row => row.Format == format);
}
